"""What existing orders are worth in the base currency, and totals and tiers that follow from them.

No rate is known yet: an order in another currency counts one to one, as it did, and has no `exchange_rate`. Once rates
are imported, `manage.py recount_totals` gives it one. What a total has beyond its orders is from before Patter, and is
kept apart. Works in batches, each in a transaction of its own; what broke off is done again from the start.
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import migrations, transaction
from django.db.models import Count, F

from core.db.amounts import AmountSum

_BATCH = 1_000
_TIERS = {"bronze": 0, "silver": 1_000, "gold": 5_000, "platinum": 10_000}
_RANK = {tier: rank for rank, tier in enumerate(_TIERS)}
_COUNTED = ("carried_orders", "carried_spent", "total_orders", "total_spent", "given_tier", "loyalty_tier")


def count(apps: Any, schema_editor: Any) -> None:
    for rows in _batches(apps.get_model("customers", "Order")):
        rows.update(base_total=F("total"))
        rows.filter(currency=settings.BASE_CURRENCY).update(exchange_rate=Decimal(1))
    for rows in _batches(apps.get_model("customers", "Customer")):
        _count(apps, list(rows.select_for_update(no_key=True).order_by("pk")))


def _batches(model: Any) -> Iterator[Any]:
    last = 0
    while ids := list(model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        with transaction.atomic():
            yield model.objects.filter(pk__gt=last, pk__lte=ids[-1])
        last = ids[-1]


def _count(apps: Any, customers: list[Any]) -> None:
    ids = [customer.pk for customer in customers]
    worth, moved, ledger = _worth(apps, ids), _moved(apps, ids), _ledger(apps, ids)
    changed, entries = [], []
    for customer in customers:
        before = {name: getattr(customer, name) for name in _COUNTED}
        orders, spent = worth.get(customer.pk, (0, Decimal(0)))
        moved_orders, moved_spent = moved.get(customer.pk, (0, Decimal(0)))
        customer.carried_orders = max(customer.total_orders - orders - moved_orders, 0)
        customer.carried_spent = max(customer.total_spent - spent - moved_spent, Decimal(0))
        customer.total_orders = customer.carried_orders + orders + moved_orders
        customer.total_spent = customer.carried_spent + spent + moved_spent
        customer.given_tier = _given(customer.loyalty_tier, ledger[customer.pk])
        customer.loyalty_tier = _tier(customer)
        if any(getattr(customer, name) != value for name, value in before.items()):
            changed.append(customer)
        if customer.loyalty_tier != before["loyalty_tier"]:
            entries.append(_entry(apps, customer, before["loyalty_tier"]))
    apps.get_model("customers", "Customer").objects.bulk_update(changed, _COUNTED, batch_size=100)
    apps.get_model("customers", "LoyaltyEntry").objects.bulk_create(entries)


def _worth(apps: Any, ids: list[int]) -> dict[int, tuple[int, Decimal]]:
    orders = apps.get_model("customers", "Order").objects.filter(customer__in=ids)
    sums = orders.exclude(status__in=("cancelled", "refunded")).values_list("customer")
    return {pk: (n, spent) for pk, n, spent in sums.annotate(Count("pk"), AmountSum("base_total"))}


def _moved(apps: Any, ids: list[int]) -> dict[int, tuple[int, Decimal]]:
    """What the orders came to that merged rows gave to those they became part of. Their own totals still have it."""
    found: dict[int, tuple[int, Decimal]] = {}
    merges = apps.get_model("customers", "Merge").objects.filter(gone__in=ids, undone_at=None)
    for pk, moved in merges.values_list("gone", "moved"):
        orders = moved.get("orders", {})
        found[pk] = (orders.get("counted", 0), Decimal(orders.get("spent", 0)))
    return found


def _ledger(apps: Any, ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    """The tiers that the ledgers tell of, with the reasons, oldest first."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    entries = apps.get_model("customers", "LoyaltyEntry").objects.filter(customer__in=ids, points=0)
    for pk, tier, reason in entries.order_by("pk").values_list("customer", "tier_after", "reason"):
        found[pk].append((tier, reason))
    return found


def _given(tier: str, ledger: list[tuple[str, str]]) -> str:
    """The tier that somebody gave. One that the ledger does not explain was given before there was one."""
    given, explained = "", "bronze"
    for after, reason in ledger:
        explained = after
        if reason.startswith("Based on "):
            given = ""
        elif not reason.startswith(("Earned with order ", "Merged with ")):
            given = after
    return given if tier == explained else tier


def _tier(customer: Any) -> str:
    if customer.loyalty_tier == customer.given_tier:
        return str(customer.loyalty_tier)
    earned = [tier for tier, spent in _TIERS.items() if customer.total_spent >= spent]
    return max(customer.given_tier or "bronze", earned[-1], key=_RANK.__getitem__)


def _entry(apps: Any, customer: Any, tier_before: str) -> Any:
    return apps.get_model("customers", "LoyaltyEntry")(
        customer=customer,
        points_after=customer.loyalty_points,
        tier_before=tier_before,
        tier_after=customer.loyalty_tier,
        reason=f"Counted anew: {customer.total_spent:.2f} spent.",
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0017_exact_amounts")]
    operations: ClassVar[list[object]] = [migrations.RunPython(count, migrations.RunPython.noop)]
