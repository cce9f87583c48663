"""Blocking and unblocking customers in Django admin: in the list and on a customer's page, by the action of the API."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from customers.models import Customer, Event
from tests.admin_pages import ask, confirm, customer_url
from whatsapp.models import Block

pytestmark = pytest.mark.django_db

CUSTOMERS = "/admin/customers/customer/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def nimal(db: None) -> Customer:
    return Customer.objects.create(first_name="Nimal")


def shown(client: Client, customer: Customer) -> str:
    answer = client.get(customer_url(customer))
    assert answer.status_code == 200
    return answer.content.decode()


def state() -> Any:
    customers = list(Customer.objects.order_by("pk").values())
    return customers, Event.objects.count(), Block.objects.count(), AuditEntry.objects.count()


def test_the_list_asks_before_it_blocks(desk: Client, customer: Customer) -> None:
    before = state()
    page = ask(desk, CUSTOMERS, "block", [customer])
    assert "Nothing is sent to them any more" in page
    assert state() == before


def test_several_are_blocked_and_reported(desk: Client, admin: User, customer: Customer, nimal: Customer) -> None:
    gone = Customer.objects.create(first_name="Gone", merged_into=nimal)
    Customer.objects.filter(pk=nimal.pk).update(blocked_at=timezone.now())

    page = confirm(desk, CUSTOMERS, "block", [customer, nimal, gone.pk, 10**15])

    assert "2 blocked, 2 refused" in page
    assert "They were blocked already. WhatsApp is asked again." in page
    assert not Customer.objects.filter(pk__in=[customer.pk, nimal.pk], blocked_at=None).exists()
    assert set(Block.objects.filter(due=True).values_list("customer", flat=True)) == {customer.pk, nimal.pk}
    entry = AuditEntry.objects.get(verb="customer_blocked")
    assert (entry.customer_id, entry.actor) == (customer.pk, admin)
    assert Event.objects.get(customer=customer).type == "customer_updated"


def test_several_are_unblocked_and_reported(desk: Client, customer: Customer, nimal: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(blocked_at=timezone.now())

    page = confirm(desk, CUSTOMERS, "unblock", [customer, nimal])

    assert "2 unblocked" in page
    assert "They were not blocked." in page
    assert not Customer.objects.exclude(blocked_at=None).exists()
    assert Block.objects.get().customer_id == customer.pk
    assert AuditEntry.objects.get(verb="customer_unblocked").customer_id == customer.pk


@pytest.mark.parametrize("blocked", [False, True])
def test_their_page_offers_what_makes_sense(desk: Client, customer: Customer, blocked: bool) -> None:
    Customer.objects.update(blocked_at=timezone.now() if blocked else None)
    page = shown(desk, customer)
    for name, offered in (("block", not blocked), ("unblock", blocked)):
        assert (f'name="action" value="{name}"' in page) is offered
    confirm(desk, CUSTOMERS, "unblock" if blocked else "block", [customer])
    assert (Customer.objects.get().blocked_at is None) is blocked


def test_their_page_says_since_when_and_why_not(desk: Client, customer: Customer) -> None:
    silent = {"code": 131047, "title": "WhatsApp blocks only who wrote lately", "detail": "Block them later."}
    Customer.objects.update(block_error={**silent, "retryable": True})
    assert "no. WhatsApp blocks only who wrote lately. Block them later." in shown(desk, customer)
    Customer.objects.update(blocked_at=datetime(2026, 3, 1, 12, tzinfo=UTC), block_error=None)
    assert re.search(r">since [^<]*2026", shown(desk, customer))


def test_the_blocked_are_found(desk: Client, customer: Customer, nimal: Customer) -> None:
    Customer.objects.filter(pk=nimal.pk).update(blocked_at=timezone.now())
    page = desk.get(CUSTOMERS, {"state": "blocked"}).content.decode()
    assert f"{CUSTOMERS}{nimal.pk}/change/" in page
    assert f"{CUSTOMERS}{customer.pk}/change/" not in page


@pytest.mark.parametrize("who", ["owner", "customer_login"])
def test_nobody_else_does_it(client: Client, who: str, request: Any, customer: Customer) -> None:
    client.force_login(request.getfixturevalue(who))
    before = state()
    for action in ("block", "unblock"):
        body = {"action": action, "_selected_action": [customer.pk], "confirmed": "yes"}
        assert client.post(CUSTOMERS, body).status_code == 302
    assert state() == before
