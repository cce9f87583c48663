"""Who gets a customer: by ASSIGNMENT_STRATEGY, over those who are there and have room; and back again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.actions.availability import set_availability
from accounts.models import User
from customers.actions.assignments import assign
from customers.actions.customers import create_customer
from customers.actions.locking import lock
from customers.models import Assignment, Customer
from messaging.actions.routing import route
from messaging.models import Conversation, PendingRoute
from messaging.relay.routes import Routes
from tests.cast import ClientOf

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales(db: None) -> list[User]:
    return [User.objects.create_user(f"s{n}", f"s{n}@desk.example", role="sales") for n in range(3)]


@pytest.fixture
def arrive(says: Any) -> Callable[[], Customer]:
    """A customer writes for the first time."""

    def new() -> Customer:
        customer = create_customer(actor=None, source="whatsapp")
        says(customer, "hello")
        with transaction.atomic():
            route(lock(customer.pk))
        customer.refresh_from_db()
        return customer

    return new


def away(user: User, since: int = 0) -> None:
    """Away for so many minutes."""
    set_availability(user=user, availability="away")
    User.objects.filter(pk=user.pk).update(availability_since=timezone.now() - timedelta(minutes=since))


def online(user: User) -> None:
    set_availability(user=user, availability="online")


def waits(customer: Customer, minutes: int) -> None:
    since = timezone.now() - timedelta(minutes=minutes)
    Conversation.objects.filter(customer=customer).update(waiting_since=since)


def relay() -> None:
    routes = Routes()
    for job in routes.claim(Routes.workers):
        routes.run(job)


def owner_of(customer: Customer) -> User | None:
    customer.refresh_from_db()
    return customer.owner


def test_not_who_is_away(sales: list[User], arrive: Any) -> None:
    away(sales[1])
    assert [arrive().owner for _ in range(4)] == [sales[0], sales[2], sales[0], sales[2]]


def test_not_who_has_as_many_as_they_may(sales: list[User], arrive: Any, settings: Any, as_admin: Any) -> None:
    settings.MAX_OPEN_CHATS = 2
    customers = [arrive() for _ in range(7)]
    assert [one.owner for one in customers] == [*sales, *sales, None]

    # As soon as somebody has room again.
    relay()
    assert owner_of(customers[6]) is None
    assert as_admin.post(f"/api/customers/{customers[1].pk}/close/").status_code == 200
    relay()
    assert owner_of(customers[6]) == sales[1]
    relay()
    assert not PendingRoute.objects.exists()


def test_who_has_the_fewest_open_chats(sales: list[User], arrive: Any, settings: Any) -> None:
    settings.ASSIGNMENT_STRATEGY = "least_busy"
    first = [arrive().owner for _ in range(3)]
    assert first == sales
    mine = Customer.objects.get(owner=sales[2])
    Conversation.objects.filter(customer=mine).update(state="closed")
    assert arrive().owner == sales[2]


def test_nobody_is_chosen_by_hand_alone(sales: list[User], arrive: Any, settings: Any) -> None:
    settings.ASSIGNMENT_STRATEGY = "manual"
    customer = arrive()
    relay()
    assert owner_of(customer) is None
    assert not PendingRoute.objects.exists()


def test_who_waited_longest_is_routed_first(sales: list[User], arrive: Any, settings: Any) -> None:
    settings.MAX_OPEN_CHATS = 1
    for user in sales:
        away(user)
    first, second = arrive(), arrive()
    relay()
    assert (owner_of(first), owner_of(second)) == (None, None)
    online(sales[1])
    relay()
    assert (owner_of(first), owner_of(second)) == (sales[1], None)


def test_all_for_whom_somebody_is_there_are_routed_at_once(sales: list[User], arrive: Any) -> None:
    for user in sales:
        away(user)
    customers = [arrive() for _ in range(3)]
    online(sales[1])
    relay()
    assert [owner_of(one) for one in customers] == [sales[1]] * 3


def test_who_waits_while_their_owner_is_away_goes_to_somebody_else(
    sales: list[User], arrive: Any, settings: Any
) -> None:
    settings.RETURN_AFTER_MINUTES = 10
    customer = arrive()
    home, other = sales[0], sales[1]
    assert customer.owner == home
    waits(customer, 11)
    away(home, 9)
    relay()
    assert owner_of(customer) == home, "not for long enough"
    away(home, 11)
    waits(customer, 9)
    relay()
    assert owner_of(customer) == home, "they have not waited for long enough"
    waits(customer, 11)
    relay()
    assert owner_of(customer) == other
    assert Assignment.objects.get(customer=customer, ended_at=None).note == "timeout"

    # Back when the owner is there again and nobody has answered.
    relay()
    assert owner_of(customer) == other
    online(home)
    relay()
    assert owner_of(customer) == home
    assert Assignment.objects.get(customer=customer, ended_at=None).note == "returned"
    assert not PendingRoute.objects.exists()


def test_who_was_answered_meanwhile_stays(sales: list[User], arrive: Any, settings: Any) -> None:
    settings.RETURN_AFTER_MINUTES = 10
    customer = arrive()
    waits(customer, 11)
    away(sales[0], 11)
    relay()
    Conversation.objects.filter(customer=customer).update(waiting_since=None)
    online(sales[0])
    relay()
    assert owner_of(customer) == sales[1]
    assert not PendingRoute.objects.exists()


def test_who_was_given_to_somebody_by_hand_stays(sales: list[User], arrive: Any, settings: Any, admin: User) -> None:
    settings.RETURN_AFTER_MINUTES = 10
    customer = arrive()
    waits(customer, 11)
    away(sales[0], 11)
    relay()
    assign(customer_id=customer.pk, salesperson=sales[2], actor=admin, note="timeout")
    online(sales[0])
    relay()
    assert owner_of(customer) == sales[2]


@pytest.mark.parametrize("stands_in", [True, False])
def test_whom_an_admin_leaves_without_an_owner_stays_so(
    sales: list[User], arrive: Any, settings: Any, as_admin: Any, stands_in: bool
) -> None:
    """Whether they had somebody in place of their own, or were given to somebody because nobody had been free."""
    settings.RETURN_AFTER_MINUTES = 10
    for user in sales if not stands_in else ():
        away(user, 11)
    customer = arrive()
    waits(customer, 11)
    away(sales[0], 11)
    if stands_in:
        relay()
    else:
        assigned = {"customer": customer.pk, "salesperson": sales[1].pk}
        assert as_admin.post("/api/assignments/", assigned).status_code == 201
    assert owner_of(customer) == sales[1]
    running = Assignment.objects.get(customer=customer, ended_at=None)
    assert as_admin.delete(f"/api/assignments/{running.pk}/").status_code == 204
    for user in sales:
        online(user)
    relay()
    assert owner_of(customer) is None
    assert not PendingRoute.objects.exists()


def test_who_lost_their_replacement_because_that_one_left_is_routed(
    sales: list[User], arrive: Any, settings: Any, as_admin: Any
) -> None:
    settings.RETURN_AFTER_MINUTES = 10
    customer = arrive()
    waits(customer, 11)
    away(sales[0], 11)
    relay()
    away(sales[2])
    assert as_admin.patch(f"/api/users/{sales[1].pk}/", {"is_active": False}).status_code == 200
    assert owner_of(customer) is None
    online(sales[2])
    relay()
    assert owner_of(customer) == sales[2]


def test_who_was_chosen_by_hand_has_as_long_as_everybody(
    sales: list[User], arrive: Any, settings: Any, as_admin: Any, admin: User, client_of: ClientOf
) -> None:
    """They are away, and the customer has waited: nobody takes the customer away in the next second."""
    settings.RETURN_AFTER_MINUTES, settings.SALES_SEE_UNASSIGNED = 10, True
    for user in sales:
        away(user, 11)
    given, claimed = arrive(), arrive()
    assign(customer_id=given.pk, salesperson=sales[1], actor=admin)
    assert client_of(sales[2]).post(f"/api/customers/{claimed.pk}/claim/").status_code == 200
    online(sales[0])
    for customer, chosen in ((given, sales[1]), (claimed, sales[2])):
        waits(customer, 11)
        relay()
        assert owner_of(customer) == chosen
        assert as_admin.get(f"/api/customers/{customer.pk}/routing/").json()["reason"] == "owner"
        Assignment.objects.filter(customer=customer).update(assigned_at=timezone.now() - timedelta(minutes=11))
        relay()
        assert owner_of(customer) == sales[0]


def test_if_nobody_is_free_they_are_nobodys_until_somebody_is(sales: list[User], arrive: Any, settings: Any) -> None:
    settings.RETURN_AFTER_MINUTES = 10
    customer = arrive()
    waits(customer, 11)
    for user in sales:
        away(user, 11)
    relay()
    assert owner_of(customer) is None
    online(sales[2])
    relay()
    assert owner_of(customer) == sales[2]
    online(sales[0])
    relay()
    assert owner_of(customer) == sales[0]


def test_a_replacement_who_is_away_is_replaced(sales: list[User], arrive: Any, settings: Any) -> None:
    settings.RETURN_AFTER_MINUTES = 10
    customer = arrive()
    waits(customer, 11)
    away(sales[0], 11)
    relay()
    away(sales[1], 11)
    relay()
    assert owner_of(customer) == sales[2]
    online(sales[0])
    relay()
    assert owner_of(customer) == sales[0], "whose customer it was in the first place"


def test_nothing_happens_unless_a_setting_says_so(sales: list[User], arrive: Any) -> None:
    customer = arrive()
    waits(customer, 9_999)
    away(sales[0], 9_999)
    relay()
    assert owner_of(customer) == sales[0]


def test_who_would_get_it_and_why(as_admin: Any, sales: list[User], arrive: Any, settings: Any) -> None:
    settings.MAX_OPEN_CHATS = 1
    customer = arrive()
    nobodys = Customer.objects.create(first_name="Una")
    away(sales[1])

    said = as_admin.get(f"/api/customers/{customer.pk}/routing/").json()
    assert (said["salesperson"]["id"], said["reason"]) == (sales[0].pk, "owner")
    assert [one["free"] for one in said["candidates"]] == [False, False, True]
    assert [one["open_chats"] for one in said["candidates"]] == [1, 0, 0]
    dry = {"customer": nobodys.pk, "dry_run": True}
    for answer in (as_admin.get(f"/api/customers/{nobodys.pk}/routing/"), as_admin.post("/api/assignments/", dry)):
        said = answer.json()
        assert (answer.status_code, said["salesperson"]["id"], said["reason"]) == (200, sales[2].pk, "round_robin")
    settings.ASSIGNMENT_STRATEGY = "manual"
    said = as_admin.post("/api/assignments/", dry).json()
    assert (said["salesperson"], said["reason"], said["strategy"]) == (None, "manual", "manual")
    said = as_admin.post("/api/assignments/", {**dry, "salesperson": sales[1].pk}).json()
    assert (said["salesperson"]["id"], said["reason"]) == (sales[1].pk, "named")

    mine = {"customer": customer.pk, "salesperson": sales[0].pk, "dry_run": True}
    assert as_admin.post("/api/assignments/", mine).status_code == 400
    assert as_admin.post("/api/assignments/", {"customer": nobodys.pk}).json() == {
        "salesperson": ["This field is required."]
    }
    assert Assignment.objects.count() == 1
