"""Identities from before their last message and their detaching were kept."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from contacts.models import Contact
from customers.models import Customer
from messaging.models import BusinessNumber, Message
from tests.webhooks import says, text
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db

backfill: Any = import_module("whatsapp.migrations.0007_when_they_wrote").backfill
FIRST, SECOND = 1763700000, 1763700100


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def migrate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("whatsapp.migrations.0007_when_they_wrote"), "BATCH", 2)
    Identity.objects.update(last_inbound_at=None)
    backfill(apps, connection.schema_editor())


def test_who_has_one_address_wrote_from_it(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for count in range(5):
        post(says(text(f"wamid.{count}", wa_id=f"9477000000{count}", at=FIRST + count)))
    number = BusinessNumber.objects.get()
    silent = Customer.objects.create(first_name="Silent")
    Identity.objects.create(customer=silent, business_number=number, wa_id="94779999999")
    migrate(monkeypatch)
    found = Identity.objects.order_by("wa_id").values_list("last_inbound_at", flat=True)
    assert list(found) == [*(at(FIRST + count) for count in range(5)), None]


def test_of_several_the_one_that_wrote_last_is_known(
    post: Any, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = {"wa_number": "+94112223334", "tp_number": "+94112223334"}
    Contact.objects.create(customer=customer, email="c@example.com", **numbers)
    post(says(text("wamid.1", at=FIRST)))
    post(says(text("wamid.2", wa_id="94112223334", at=SECOND)))
    migrate(monkeypatch)
    found = dict(Identity.objects.values_list("wa_id", "last_inbound_at"))
    assert found == {"94771234567": None, "94112223334": at(SECOND)}


def test_what_we_sent_and_notices_are_no_sign(post: Any, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    number = BusinessNumber.objects.create(external_id="1")
    Identity.objects.create(customer=customer, business_number=number, wa_id="94771234567")
    for direction, type in (("outbound", "text"), ("inbound", "system")):
        Message.objects.create(customer=customer, business_number=number, direction=direction, type=type, status="read")
    migrate(monkeypatch)
    assert Identity.objects.get().last_inbound_at is None
