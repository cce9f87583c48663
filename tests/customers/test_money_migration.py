"""The update from a version that added up all currencies one to one."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from customers.models import Customer, LoyaltyEntry, Order

BEFORE = [("customers", "0016_count_by_source")]


def migrate(to: list[tuple[str, str]] | None = None) -> Any:
    """Go back to some migrations, or to the newest."""
    executor = MigrationExecutor(connection)
    to = to or executor.loader.graph.leaf_nodes()
    executor.migrate(to)
    return executor.loader.project_state(to).apps


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The tables as they were."""
    yield migrate(BEFORE)
    migrate()


def test_what_was_there_counts_as_it_did(before: Any) -> None:
    customers = before.get_model("customers", "Customer").objects
    orders, ledger = (before.get_model("customers", name).objects for name in ("Order", "LoyaltyEntry"))
    spent = {"earned": ("30100.50", 2, "platinum"), "given": ("0", 0, "gold"), "before": ("2450.00", 15, "gold")}
    rows = {
        name: customers.create(first_name=name, total_spent=total, total_orders=count, loyalty_tier=tier)
        for name, (total, count, tier) in spent.items()
    }
    refunded = customers.create(first_name="refunded", loyalty_tier="silver")
    fields = {"status": "delivered", "placed_at": timezone.now()}
    orders.create(customer=rows["earned"], number="1", total="100.50", currency="USD", **fields)
    orders.create(customer=rows["earned"], number="2", total="30000", currency="LKR", **fields)
    for customer, tier, reason in (
        (rows["earned"], "platinum", "Earned with order 2."),
        (rows["given"], "gold", "A friend"),
        (refunded, "silver", "Earned with order 3."),
    ):
        ledger.create(customer=customer, points_after=0, tier_before="bronze", tier_after=tier, reason=reason)

    migrate()

    def shown(name: str) -> tuple[str, str, str, int, str]:
        one = Customer.objects.get(first_name=name)
        return str(one.total_spent), one.loyalty_tier, one.given_tier, one.carried_orders, str(one.carried_spent)

    assert shown("earned") == ("30100.50", "platinum", "", 0, "0.00")
    assert shown("given") == ("0.00", "gold", "gold", 0, "0.00")
    assert shown("before") == ("2450.00", "gold", "gold", 15, "2450.00")
    assert shown("refunded") == ("0.00", "bronze", "", 0, "0.00")
    assert LoyaltyEntry.objects.latest("pk").reason == "Counted anew: 0.00 spent."
    told = [(one.base_total, one.exchange_rate) for one in Order.objects.order_by("number")]
    assert told == [(Decimal("100.50"), Decimal(1)), (Decimal(30000), None)]
    assert Customer.objects.filter(total_spent__gte=2450).count() == 2
