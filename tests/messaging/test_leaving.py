"""A salesperson leaves: what happens to their customers, whichever way they go."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.assignments import assign
from customers.models import Assignment, Customer, Event
from messaging.actions import leaving
from messaging.relay.leavers import Leavers
from tests.accounts.parallel import all_in_parallel
from tests.cast import PASSWORD, ClientOf
from tests.core.rivals import holding, limited
from tests.messaging.steps import Says

# Ways to go, and to name the one who takes over.
Leave = Callable[[APIClient, User, User | None], Any]


def deactivate(client: APIClient, user: User, successor: User | None) -> Any:
    return client.patch(url(user), {"is_active": False} | named(successor))


def promote(client: APIClient, user: User, successor: User | None) -> Any:
    return client.patch(url(user), {"role": "admin"} | named(successor))


def delete(client: APIClient, user: User, successor: User | None) -> Any:
    return client.delete(url(user) + (f"?hand_over_to={successor.pk}" if successor else ""))


WAYS = pytest.mark.parametrize("leave", [deactivate, promote, delete])


def url(user: User) -> str:
    return f"/api/users/{user.pk}/"


def named(successor: User | None) -> dict[str, Any]:
    return {"hand_over_to": successor.pk} if successor else {}


@pytest.fixture
def customers(owner: User) -> list[Customer]:
    """Five customers whose salesperson is about to leave."""
    made = [Customer.objects.create(first_name=f"C{n}", phone=f"+9477100000{n}", source="manual") for n in range(5)]
    for customer in made:
        assign(customer_id=customer.pk, salesperson=owner, actor=None)
    return made


def owners(customers: list[Customer]) -> list[int | None]:
    ids = [customer.pk for customer in customers]
    return list(Customer.objects.filter(pk__in=ids).order_by("pk").values_list("owner", flat=True))


def running(customers: list[Customer]) -> list[int]:
    return list(Assignment.objects.filter(ended_at=None).order_by("customer").values_list("salesperson", flat=True))


@WAYS
def test_all_go_to_the_one_who_is_named(
    as_admin: APIClient, admin: User, owner: User, stranger: User, customers: list[Customer], leave: Leave
) -> None:
    before = Event.objects.count()

    assert leave(as_admin, owner, stranger).status_code in (200, 204)

    assert owners(customers) == running(customers) == [stranger.pk] * 5
    events = list(Event.objects.order_by("seq")[before:])
    assert sorted(event.customer_id for event in events) == [customer.pk for customer in customers]
    for event in events:
        assert (event.type, event.actor) == ("assignment_changed", admin)
        assert event.data["owner"] == {"id": stranger.pk, "name": "Stella", "is_active": True}
        assert event.data["salesperson"]["id"] == stranger.pk
    assert Assignment.objects.filter(salesperson=owner).exclude(ended_at=None).count() == 5
    row = as_admin.get(f"/api/customers/{customers[0].pk}/").json()
    assert row["owner"] == {"id": stranger.pk, "name": "Stella", "is_active": True}


@WAYS
def test_without_a_name_those_who_wait_go_round_among_the_others(
    as_admin: APIClient,
    owner: User,
    stranger: User,
    customers: list[Customer],
    says: Says,
    leave: Leave,
    settings: Any,
) -> None:
    settings.ASSIGNMENT_STRATEGY = "round_robin"
    other = User.objects.create_user("otto", "otto@desk.example", PASSWORD, role="sales")
    for customer in customers[:3]:
        says(customer)

    leave(as_admin, owner, None)

    went = owners(customers)
    assert Counter(went) in ({stranger.pk: 2, other.pk: 1, None: 2}, {stranger.pk: 1, other.pk: 2, None: 2})
    assert went[3:] == [None, None]
    assert running(customers) == went[:3]


def test_read_but_unanswered_waits_too(
    as_admin: APIClient,
    owner: User,
    stranger: User,
    customers: list[Customer],
    says: Says,
    settings: Any,
) -> None:
    settings.ASSIGNMENT_STRATEGY = "round_robin"
    says(customers[0])
    assert as_admin.post(f"/api/customers/{customers[0].pk}/read/").status_code == 200

    deactivate(as_admin, owner, None)

    assert owners(customers) == [stranger.pk, None, None, None, None]


@WAYS
def test_by_hand_all_are_free(
    as_admin: APIClient,
    owner: User,
    stranger: User,
    customers: list[Customer],
    says: Says,
    leave: Leave,
    settings: Any,
) -> None:
    settings.ASSIGNMENT_STRATEGY = "manual"
    says(customers[0])

    leave(as_admin, owner, None)

    assert owners(customers) == [None] * 5
    assert not running(customers)
    data = Event.objects.filter(type="assignment_changed").order_by("seq").last().data  # type: ignore[union-attr]
    assert data["owner"] is None
    assert data["salesperson"] == {"id": owner.pk, "name": "Sam"}
    assert data["ended_at"]


@WAYS
def test_nobody_who_cannot_take_over(
    as_admin: APIClient, admin: User, owner: User, customers: list[Customer], customer_login: User, leave: Leave
) -> None:
    asleep = User.objects.create_user("asleep", "asleep@desk.example", PASSWORD, role="sales", is_active=False)
    events = Event.objects.count()
    for nobody in (admin, asleep, customer_login, owner, User(pk=999_999), User(pk=10**30)):
        answer = leave(as_admin, owner, nobody)
        assert answer.status_code == 400
        assert answer.json() == {"hand_over_to": ["Choose another active salesperson."]}
    owner.refresh_from_db()
    assert owner.sells
    assert owners(customers) == [owner.pk] * 5
    assert Event.objects.count() == events


@pytest.mark.parametrize("change", [{}, {"first_name": "Samuel"}, {"is_active": True}])
def test_nothing_to_hand_over_while_they_stay(
    as_admin: APIClient, owner: User, stranger: User, customers: list[Customer], change: dict[str, Any]
) -> None:
    answer = as_admin.patch(url(owner), {**change, "hand_over_to": stranger.pk})
    assert answer.status_code == 400
    assert answer.json() == {"hand_over_to": ["Customers are only handed over when a salesperson leaves."]}
    new = {"username": "new", "email": "new@desk.example", "role": "sales", "password": "mango-river-88"}
    assert as_admin.post("/api/users/", {**new, "hand_over_to": stranger.pk}).json() == answer.json()
    assert as_admin.post("/api/users/", {**new, "hand_over_to": None}).status_code == 201
    owner.refresh_from_db()
    assert owner.first_name == "Sam"
    assert owners(customers) == [owner.pk] * 5


def test_an_owner_who_has_left_is_shown_as_such(as_admin: APIClient, owner: User, customers: list[Customer]) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    gone = {"id": owner.pk, "name": "Sam", "is_active": False}
    pk = customers[0].pk
    assert as_admin.get(f"/api/customers/{pk}/").json()["owner"] == gone
    assert as_admin.get(f"/api/customers/customers/{pk}/").json()["owner"] == gone
    assert all(row["owner"] == gone for row in as_admin.get("/api/customers/").json()["results"])


def test_the_relay_ends_what_was_interrupted(
    as_admin: APIClient, owner: User, stranger: User, customers: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "BATCH", 2)

    def die(*_: Any) -> None:
        raise RuntimeError("the lights went out")

    with monkeypatch.context() as broken:
        broken.setattr(leaving, "fault", die)
        with pytest.raises(RuntimeError, match="the lights"):
            deactivate(as_admin, owner, stranger)
    assert owners(customers) == [stranger.pk] * 2 + [owner.pk] * 3

    source = Leavers()
    (job,) = source.claim(10)
    source.run(job)

    assert owners(customers) == running(customers) == [stranger.pk] * 5
    assert Event.objects.filter(type="assignment_changed", data__salesperson__id=stranger.pk).count() == 5
    assert source.claim(10) == []
    assert Leavers().claim(10) == []


def test_a_repeated_request_ends_it_too(
    as_admin: APIClient, owner: User, stranger: User, customers: list[Customer]
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert deactivate(as_admin, owner, stranger).status_code == 200
    assert owners(customers) == [stranger.pk] * 5


def test_who_comes_back_keeps_what_is_left(
    as_admin: APIClient, owner: User, stranger: User, customers: list[Customer]
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False, successor=stranger)
    leaver = User.objects.get(pk=owner.pk)
    assert as_admin.patch(url(owner), {"is_active": True}).status_code == 200

    leaving.leave(user=leaver, actor=None)

    assert owners(customers) == [owner.pk] * 5
    owner.refresh_from_db()
    assert owner.successor is None


def test_a_successor_who_has_left_as_well_takes_nobody(
    as_admin: APIClient, owner: User, stranger: User, customers: list[Customer]
) -> None:
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    User.objects.filter(pk=owner.pk).update(is_active=False, successor=stranger)
    (job,) = Leavers().claim(10)
    Leavers().run(job)
    assert owners(customers) == [None] * 5


def test_a_hundred_customers_cost_a_few_statements(as_admin: APIClient, owner: User, stranger: User) -> None:
    def statements(leaver: User, customers: int) -> int:
        Customer.objects.bulk_create(Customer(first_name=f"C{n}", owner=leaver) for n in range(customers))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert deactivate(as_admin, leaver, stranger).status_code == 200
        assert not Customer.objects.filter(owner=leaver).exists()
        return len(captured)

    other = User.objects.create_user("otto", "otto@desk.example", PASSWORD, role="sales")
    few = statements(other, 1)
    assert statements(owner, 100) <= few + 2
    assert few < 40


@pytest.mark.django_db(transaction=True)
def test_nobody_is_given_to_somebody_who_leaves_at_the_same_moment(
    admin: User, owner: User, stranger: User, client_of: ClientOf
) -> None:
    as_admin, again = client_of(admin), client_of(admin)
    for round_ in range(6):
        customer = Customer.objects.create(first_name=f"R{round_}")
        gave, left = all_in_parallel(
            [
                lambda: again.post("/api/assignments/", {"customer": customer.pk, "salesperson": owner.pk}),  # noqa: B023
                lambda: deactivate(as_admin, owner, stranger),
            ]
        )
        assert left.status_code == 200
        customer.refresh_from_db()
        assert customer.owner_id == (stranger.pk if gave.status_code == 201 else None), gave.json()
        as_admin.patch(url(owner), {"is_active": True})


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks no rows")
def test_customers_whom_somebody_else_holds_come_last(
    as_admin: APIClient, owner: User, stranger: User, customers: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "BATCH", 2)
    monkeypatch.setattr(Leavers, "SECONDS", 0.0)
    source = Leavers()
    with limited(lock=0.3), holding("customers_customer", customers[1].pk):
        assert deactivate(as_admin, owner, stranger).status_code == 200

        assert owners(customers) == [stranger.pk, owner.pk, *[stranger.pk] * 3]
        (leaver,) = source.claim(1)
        source.run(leaver)  # still held: no failure of the job
        assert owners(customers)[1] == owner.pk
    source.run(leaver)
    assert owners(customers) == running(customers) == [stranger.pk] * 5
    assert source.claim(1) == []
