"""Customers whom nobody has: who sees them, and who takes them first."""

from functools import partial
from typing import Any

import pytest

from accounts.models import AuditEntry, User
from core import calls
from customers.actions import assignments
from customers.actions.assignments import assign
from customers.models import Assignment, Customer, Event
from tests.accounts.parallel import all_in_parallel
from tests.cast import ClientOf

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobodys(db: None) -> Customer:
    return Customer.objects.create(first_name="Una")


@pytest.fixture
def seen(settings: Any) -> None:
    settings.SALES_SEE_UNASSIGNED = True


def claim(client: Any, customer: Customer) -> Any:
    return client.post(f"/api/customers/{customer.pk}/claim/")


def listed(client: Any) -> set[int]:
    return {row["id"] for row in client.get("/api/customers/").json()["results"]}


def test_salespeople_do_not_see_them_unless_a_setting_says_so(
    as_owner: Any, as_manager: Any, nobodys: Customer, customer: Customer, settings: Any
) -> None:
    assert listed(as_owner) == listed(as_manager) == {customer.pk}
    assert claim(as_owner, nobodys).status_code == 404
    settings.SALES_SEE_UNASSIGNED = True
    assert listed(as_owner) == listed(as_manager) == {customer.pk, nobodys.pk}
    assert as_owner.get(f"/api/customers/{nobodys.pk}/").status_code == 200
    assert Assignment.objects.filter(customer=nobodys).count() == 0


def test_who_claims_one_has_them(seen: None, as_owner: Any, as_stranger: Any, owner: User, nobodys: Customer) -> None:
    answer = claim(as_owner, nobodys)
    assert (answer.status_code, answer.json()["owner"]["id"]) == (200, owner.pk)
    assert Assignment.objects.get(customer=nobodys).assigned_by == owner
    assert AuditEntry.objects.filter(verb="customer_claimed", customer_id=nobodys.pk).count() == 1
    events = Event.objects.count()
    # The answer may have been lost.
    assert claim(as_owner, nobodys).status_code == 200
    # Later they are as any foreign one.
    foreign, missing = claim(as_stranger, nobodys), as_stranger.post("/api/customers/99999999/claim/")
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert Event.objects.count() == events


def test_who_was_beaten_while_asking(
    seen: None, as_stranger: Any, owner: User, nobodys: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = assignments.lock

    def late(customer_id: int, **more: Any) -> Customer:
        monkeypatch.setattr(assignments, "lock", lock)
        assign(customer_id=customer_id, salesperson=owner, actor=owner)
        return lock(customer_id, **more)

    monkeypatch.setattr(assignments, "lock", late)
    answer = claim(as_stranger, nobodys)
    assert answer.status_code == 409
    assert answer.json() == {
        "code": "already_claimed",
        "detail": "Sam was first.",
        "owner": {"id": owner.pk, "name": "Sam"},
    }


def test_who_asked_before_somebody_else_took_them(
    seen: None, as_owner: Any, as_stranger: Any, owner: User, manager: User, nobodys: Customer, settings: Any
) -> None:
    """The request was on its way: waiting for a thread, say. It does not tell of a customer whom somebody had."""
    handed_over = Customer.objects.get(pk=as_owner.post("/api/customers/", {"name": "Ann"}).json()["id"])
    token = calls.begin(calls.Call("POST"))
    try:
        assert claim(as_owner, nobodys).status_code == 200
        beaten = claim(as_stranger, nobodys)
        assert (beaten.status_code, beaten.json()["owner"]["id"]) == (409, owner.pk)
        assign(customer_id=handed_over.pk, salesperson=manager, actor=owner)
        assert claim(as_stranger, handed_over).status_code == 404
        made = Customer.objects.get(pk=as_owner.post("/api/customers/", {"name": "Ben"}).json()["id"])
        assert claim(as_stranger, made).status_code == 404
        settings.SALES_SEE_UNASSIGNED = False
        assert claim(as_stranger, nobodys).status_code == 404
    finally:
        calls.end(token)
    settings.SALES_SEE_UNASSIGNED = True
    assert claim(as_stranger, nobodys).status_code == 404


def test_admins_assign_instead(seen: None, as_admin: Any, nobodys: Customer) -> None:
    assert claim(as_admin, nobodys).status_code == 400
    nobodys.refresh_from_db()
    assert nobodys.owner is None


def test_a_manager_sees_who_has_them(seen: None, as_manager: Any, customer: Customer, owner: User) -> None:
    answer = claim(as_manager, customer)
    assert (answer.status_code, answer.json()["owner"]) == (409, {"id": owner.pk, "name": owner.name})


@pytest.mark.django_db(transaction=True)
def test_one_wins(client_of: ClientOf, settings: Any) -> None:
    settings.SALES_SEE_UNASSIGNED = True
    sellers = [User.objects.create_user(f"s{n}", f"s{n}@desk.example", role="sales") for n in range(4)]
    clients = [client_of(user) for user in sellers]
    for _ in range(5):
        customer = Customer.objects.create(first_name="Una")

        answers = all_in_parallel([partial(claim, client, customer) for client in clients])
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 200
        assert set(statuses[1:]) <= {404, 409}
        assert Assignment.objects.filter(customer=customer).count() == 1


def test_everyone_who_sees_a_customer(
    as_admin: Any,
    admin: User,
    owner: User,
    manager: User,
    stranger: User,
    customer: Customer,
    nobodys: Customer,
    customer_login: User,
    settings: Any,
) -> None:
    for sees_unassigned in (False, True):
        settings.SALES_SEE_UNASSIGNED = sees_unassigned
        for one in (customer, nobodys):
            rows = as_admin.get(f"/api/customers/{one.pk}/access/").json()
            found = {row["user"]["id"] for row in rows}
            there = [admin, owner, manager, stranger, customer_login]
            assert found == {user.pk for user in there if one in Customer.objects.visible_to(user)}

    settings.SALES_SEE_UNASSIGNED = False
    rules = {row["user"]["id"]: row for row in as_admin.get(f"/api/customers/{customer.pk}/access/").json()}
    assert {pk: row["rule"] for pk, row in rules.items()} == {
        admin.pk: "admin",
        owner.pk: "owner",
        manager.pk: "manager",
        customer_login.pk: "self",
    }
    assert rules[manager.pk]["team"]["name"] == "North"
    assert rules[owner.pk]["team"] is None
