"""Whatever happens to orders and customers, totals are the sum of the orders in base currency."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from core.currencies import CURRENCIES
from customers.actions.merge import merge_customers
from customers.actions.purchases import record_order
from customers.actions.recount import recount_totals
from customers.actions.unmerge import undo_merge
from customers.models import Customer, Merge, Order, OrderStatus
from customers.money import in_base

_CURRENCIES = ("USD", "LKR", "JPY", "KWD", "CLF", "IDR")
_CUSTOMERS = 3


@st.composite
def orders(draw: st.DrawFn) -> tuple[str, int, dict[str, Any]]:
    """An order of one of six numbers, of one of the customers."""
    currency = draw(st.sampled_from(_CURRENCIES))
    places = CURRENCIES[currency]
    most = 10**15 - 1 if draw(st.booleans()) else 100_000
    total = draw(st.decimals(min_value=0, max_value=most, places=places, allow_nan=False))
    rate = Decimal(1) if currency == "USD" else draw(st.decimals("0.000001", "99", places=6))
    fields = {"status": draw(st.sampled_from(OrderStatus.values)), "total": total, "currency": currency}
    placed = datetime(2025, 1, draw(st.integers(1, 28)), tzinfo=UTC)
    number = draw(st.integers(0, 5))
    return "order", number, {**fields, "exchange_rate": rate, "placed_at": placed}


_STEPS = st.lists(
    st.one_of(
        orders(),
        st.tuples(st.just("status"), st.integers(0, 5), st.sampled_from(OrderStatus.values)),
        st.tuples(st.just("merge"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("undo"), st.just(0), st.just(0)),
        st.tuples(st.just("recount"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


def do(step: tuple[str, int, Any], customers: list[Customer], actor: User) -> None:
    what, number, more = step
    shown = set(Customer.objects.values_list("pk", flat=True))
    if what == "order" or what == "status":
        order = Order.objects.filter(number=str(number)).first()
        if what == "status" and order is None:
            return
        owner = order.customer_id if order else customers[number % _CUSTOMERS].pk
        if owner in shown:
            fields = more if what == "order" else {"status": more}
            record_order(customer_id=owner, actor=actor, number=str(number), **fields)
    elif what == "merge" and number != more and {customers[number].pk, customers[more].pk} <= shown:
        merge_customers(gone_id=customers[number].pk, into_id=customers[more].pk, actor=actor)
    elif what == "undo":
        merge = Merge.objects.filter(undone_at=None).order_by("-pk").first()
        if merge is not None and merge.into_id in shown:
            undo_merge(merge_id=merge.pk, actor=actor)
    elif what == "recount":
        recount_totals()


def check() -> None:
    for customer in Customer.objects.all():
        counted = [order for order in customer.orders.all() if order.counts]
        for order in counted:
            assert order.exchange_rate is not None
            assert order.base_total == in_base(order.total, order.exchange_rate)
        assert customer.total_orders == len(counted)
        assert customer.total_spent == sum((order.base_total for order in counted), Decimal(0))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS)
def test_totals_are_the_sum_of_the_orders(steps: list[tuple[str, int, Any]]) -> None:
    with transaction.atomic():
        actor = User.objects.create_user("adder", "adder@desk.example", role="admin")
        customers = [Customer.objects.create(first_name=str(n)) for n in range(_CUSTOMERS)]
        for step in steps:
            do(step, customers, actor)
            check()
        recount_totals()
        check()
        transaction.set_rollback(True)
