"""Phones and contacts from before it was kept who entered them (migration 0008)."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from contacts.models import Contact
from customers.models import Customer
from messaging.models import BusinessNumber
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db

migration: Any = import_module("whatsapp.migrations.0008_unproved_phones")


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "BATCH", 2)


@pytest.fixture
def number() -> BusinessNumber:
    return BusinessNumber.objects.create(external_id="1")


def registered(name: str, phone: str | None, **fields: Any) -> Customer:
    login = User.objects.create_user(name, f"{name}@example.com", "x", role="customer")
    customer: Customer = Customer.objects.create(user=login, username=name, phone=phone, **fields)
    return customer


def wrote(customer: Customer, number: BusinessNumber, **ids: str) -> None:
    Identity.objects.create(customer=customer, business_number=number, **ids)


def migrate() -> None:
    migration.claim_phones(apps, connection.schema_editor())
    migration.unconfirm_contacts(apps, connection.schema_editor())


def phones() -> dict[str, tuple[str | None, str]]:
    """The phone and the claim of everybody."""
    rows = Customer.objects.values_list("username", "phone", "pending_phone")
    return {username: (phone, claim) for username, phone, claim in rows}


def test_what_was_only_claimed_waits(number: BusinessNumber) -> None:
    Customer.objects.create(username="chat", phone="+94770000000")
    for index in range(1, 6):
        registered(f"claims{index}", f"+9477000000{index}")
    wrote(registered("writes", "+94771111111"), number, wa_id="94771111111")
    wrote(registered("brazil", "+5511987654321"), number, wa_id="551187654321")
    wrote(registered("hidden", "+94772222222"), number, user_id="LK.1", seen_with="94772222222")
    wrote(registered("contact", "+94773333333"), number, wa_id="94779999999")
    registered("proved", "+94774444444", phone_verified=True)
    registered("none", None)
    registered("waits", None, pending_phone="+94775555555")
    registered("empty", "")

    migrate()

    expected = {
        "chat": ("+94770000000", ""),
        **{f"claims{index}": (None, f"+9477000000{index}") for index in range(1, 6)},
        "writes": ("+94771111111", ""),
        "brazil": ("+5511987654321", ""),
        "hidden": ("+94772222222", ""),
        "contact": (None, "+94773333333"),
        "proved": ("+94774444444", ""),
        "none": (None, ""),
        "waits": (None, "+94775555555"),
        "empty": (None, ""),
    }
    assert phones() == expected
    migrate()
    assert phones() == expected, "again, as after an interruption"


def test_contacts_wait_from_which_nobody_wrote(number: BusinessNumber, customer: Customer) -> None:
    jane = registered("jane", None)
    for one in (customer, jane):
        for index in range(5):
            Contact.objects.create(
                customer=one,
                email=f"c{index}@example.com",
                wa_number=f"+9477000000{index}",
                tp_number=f"+9411000000{index}",
            )
    wrote(jane, number, wa_id="94770000003")
    wrote(customer, number, wa_id="94770000004")

    migrate()

    confirmed = Contact.objects.filter(is_confirmed=True)
    assert list(confirmed.filter(customer=jane).values_list("wa_number", flat=True)) == ["+94770000003"]
    assert confirmed.filter(customer=customer).count() == 5
    assert not Contact.objects.filter(added_by_customer=True).exists()
