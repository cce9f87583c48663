"""DELETE /api/customers/{id}/ erases the customer with everything that belongs to them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from rest_framework.test import APIClient

from accounts.models import User
from core.live import publishing
from customers.actions.assignments import assign
from customers.actions.customers import update_customer
from customers.models import Assignment, Customer, Event
from messaging.models import BusinessNumber, Conversation, Message
from tags.models import CustomerTag, Tag
from whatsapp.models import Identity, WebhookEvent

Chat = Callable[..., Message]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(publishing, "publish", lambda group, event: sent.append((group, event)))
    return sent


@pytest.fixture
def full(customer: Customer, owner: User, stranger: User, chat: Chat, settings: Any, tmp_path: Path) -> Customer:
    """`customer` with something in every table that points at one."""
    settings.MEDIA_ROOT = tmp_path
    first = chat(customer, "call me back")
    Message.objects.create(
        customer=customer, business_number=first.business_number, direction="outbound", status="queued", reply_to=first
    )
    Identity.objects.create(customer=customer, business_number=first.business_number, wa_id="94771234567")
    WebhookEvent.objects.create(body=b'{"text": "call me back"}').customers.add(customer)
    CustomerTag.objects.create(customer=customer, tag=Tag.objects.create(name="VIP"))
    assign(customer_id=customer.pk, salesperson=stranger, actor=owner)
    update_customer(customer_id=customer.pk, actor=stranger, changes={"notes": "x"})
    customer.refresh_from_db()
    customer.avatar.save("me.png", ContentFile(b"picture"))
    return customer


def test_nothing_is_left(
    as_admin: APIClient, full: Customer, stranger: User, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    other = Customer.objects.create(first_name="Other")
    [avatar] = [path for path in tmp_path.rglob("*") if path.is_file()]

    with django_capture_on_commit_callbacks(execute=True):
        response = as_admin.delete(f"/api/customers/{full.pk}/")

    assert response.status_code == 204
    for model in (Assignment, Conversation, CustomerTag, Event, Identity, Message):
        assert not model.objects.exists(), model
    assert Customer.objects.get() == other
    assert WebhookEvent.objects.get().body in (b"{}", b"")
    assert not avatar.exists()
    assert Tag.objects.filter(name="VIP").exists()
    assert BusinessNumber.objects.exists()
    assert User.objects.filter(pk=stranger.pk).exists()
    assert as_admin.get(f"/api/customers/{full.pk}/").status_code == 404
    assert as_admin.delete(f"/api/customers/{full.pk}/").status_code == 404


def test_open_screens_are_told(
    as_admin: APIClient, customer: Customer, owner: User, published: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        as_admin.delete(f"/api/customers/{customer.pk}/")

    assert (f"customer.{customer.pk}", {"type": "erased"}) in published
    assert ("desk", {"type": "changed", "customer": customer.pk, "gone": owner.pk}) in published


def test_sales_may_not(as_owner: APIClient, full: Customer, customer: Customer) -> None:
    Customer.objects.update(owner=customer.owner)

    assert as_owner.delete(f"/api/customers/{full.pk}/").status_code == 403
    assert Customer.objects.count() == 1
    assert Message.objects.count() == 2


def test_a_failure_erases_nothing(as_admin: APIClient, full: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    as_admin.raise_request_exception = False
    monkeypatch.setattr(Customer, "delete", lambda self: 1 / 0)

    assert as_admin.delete(f"/api/customers/{full.pk}/").status_code == 500
    assert Message.objects.count() == 2
    assert bytes(WebhookEvent.objects.get().body) == b'{"text": "call me back"}'
