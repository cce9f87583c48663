"""`manage.py prune`: what it removes, and what it keeps."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, SocketTicket, User
from core import retention
from customers import events
from customers.actions.locking import lock
from customers.models import Customer, Event
from messaging.models import BusinessNumber, StatusUpdate
from whatsapp.models import WebhookEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(customer: Customer, owner: User, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Old and new rows of each kind. Batches have two rows."""
    monkeypatch.setattr(retention, "BATCH", 2)
    now = timezone.now()
    long_ago = now - timedelta(days=100)
    with transaction.atomic():
        locked = lock(customer.pk)
        for number in range(7):
            events.record(locked, "customer_updated", {"number": number})
    Event.objects.filter(seq__lte=5).update(created_at=long_ago)
    number = BusinessNumber.objects.create(external_id="1")
    for at, state in [(long_ago, "done"), (long_ago, "failed"), (now, "done"), (long_ago, "pending")]:
        event = WebhookEvent.objects.create(body=b"{}", received_at=at, state=state)
        event.customers.add(customer)
    for index, at in enumerate([long_ago, long_ago, now]):
        StatusUpdate.objects.create(
            business_number=number, wamid=f"w{index}", status="sent", at=at, received_at=at, message=None
        )
    for ended, ends in [(long_ago, now), (None, long_ago), (now, now), (None, now + timedelta(days=1))]:
        session = Session.objects.create(user=owner, refresh_jti="x", expires_at=ends, ended_at=ended)
    SocketTicket.objects.create(digest="1", session=session, expires_at=long_ago)
    SocketTicket.objects.create(digest="2", session=session, expires_at=now + timedelta(seconds=30))


def prune(*arguments: str) -> str:
    out = StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


def counts() -> list[int]:
    return [model.objects.count() for model in (Event, WebhookEvent, StatusUpdate, Session, SocketTicket)]


def test_old_rows_are_removed_and_counted(old: None) -> None:
    assert prune().splitlines() == [
        "removed 5 events",
        "removed 1 socket tickets",
        "removed 0 links to a new password",
        "removed 2 ended sessions",
        "removed 0 audit entries",
        "removed 0 sign-ins to the admin",
        "removed 2 raw webhooks",
        "removed 2 statuses of unknown messages",
        "removed 0 answers by Idempotency-Key",
    ]
    assert counts() == [2, 2, 1, 2, 1]
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done", "pending"}
    assert "removed 0 events" in prune()


def test_a_dry_run_changes_nothing(old: None) -> None:
    before = counts()
    assert "would remove 5 events" in prune("--dry-run")
    assert counts() == before


def test_numbers_stay_gapless_after_it(old: None, as_owner: APIClient, customer: Customer) -> None:
    prune()
    page = as_owner.get(f"/api/customers/{customer.pk}/events/?after=5").json()
    assert [event["seq"] for event in page["results"]] == [6, 7]
    with transaction.atomic():
        events.record(lock(customer.pk), "customer_updated", {})
    assert Event.objects.filter(seq=8).exists()
