"""New and abandoned customers get a salesperson."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from customers.actions.assignments import assign
from customers.actions.customers import create_customer
from customers.actions.locking import lock
from customers.models import Assignment, Customer, Event
from messaging.actions.routing import route


@pytest.fixture
def sales(db: None) -> list[User]:
    return [User.objects.create_user(f"s{n}", f"s{n}@desk.example", role="sales") for n in range(3)]


def settle(customer: Customer) -> User | None:
    with transaction.atomic():
        return route(lock(customer.pk))


def arrive() -> Customer:
    return create_customer(actor=None, source="whatsapp")


def test_everybody_gets_their_turn(sales: list[User], admin: User) -> None:
    turns = [settle(arrive()) for _ in range(7)]

    assert turns == [*sales, *sales, sales[0]]
    assert Assignment.objects.open().count() == 7
    assert Event.objects.filter(type="assignment_changed").count() == 7


def test_who_got_one_by_hand_waits(sales: list[User]) -> None:
    assign(customer_id=arrive().pk, salesperson=sales[0], actor=None)

    assert [settle(arrive()) for _ in range(3)] == [sales[1], sales[2], sales[0]]


def test_an_active_owner_stays(sales: list[User]) -> None:
    customer = arrive()
    assign(customer_id=customer.pk, salesperson=sales[2], actor=None)

    assert settle(customer) == sales[2]
    assert Assignment.objects.count() == 1


def test_an_inactive_owner_is_replaced(sales: list[User]) -> None:
    customer = arrive()
    assign(customer_id=customer.pk, salesperson=sales[0], actor=None)
    User.objects.filter(pk=sales[0].pk).update(is_active=False)

    assert settle(customer) == sales[1]
    assert list(Assignment.objects.open().values_list("salesperson", flat=True)) == [sales[1].pk]
    assert Event.objects.order_by("seq").last().data["salesperson"]["id"] == sales[1].pk  # type: ignore[union-attr]


@pytest.mark.parametrize("strategy", ["manual", "round_robin"])
def test_without_anybody_to_take_over_the_owner_goes(sales: list[User], settings: Any, strategy: str) -> None:
    settings.ASSIGNMENT_STRATEGY = strategy
    customer = arrive()
    assign(customer_id=customer.pk, salesperson=sales[0], actor=None)
    gone = User.objects.all() if strategy == "round_robin" else User.objects.filter(pk=sales[0].pk)
    gone.update(is_active=False)

    assert settle(customer) is None
    customer.refresh_from_db()
    assert customer.owner is None
    assert not Assignment.objects.open().exists()
    event = Event.objects.order_by("seq").last()
    assert event is not None
    assert event.data["owner"] is None
    assert settle(customer) is None
    assert Event.objects.order_by("seq").last() == event


def test_manual_leaves_the_new_alone(sales: list[User], settings: Any) -> None:
    settings.ASSIGNMENT_STRATEGY = "manual"

    assert settle(arrive()) is None
    assert Event.objects.count() == 1
