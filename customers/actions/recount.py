"""Counting the totals and tiers of all customers anew, from their orders."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from accounts.audit import audit, audit_all
from customers.actions.locking import lock_all
from customers.actions.loyalty import write_ledger_entry
from customers.events import record_all
from customers.models import Customer, ExchangeRate, Order
from customers.money import money
from customers.serializers.customers import customers_event_data
from customers.tiers import recounted_tier

# Customers in one transaction.
_BATCH = 200


@dataclass
class Recounted:
    """What a recount found and changed."""

    customers: int = 0
    changed: int = 0
    # Orders that got the rate they had to do without, and those for which there still is none.
    priced: int = 0
    without_rate: int = 0


def recount_totals() -> Recounted:
    """Count the totals of all customers anew from their orders, and set the tiers that they have earned.

    Orders without a rate get the one that is known for their day. Totals from before Patter are kept, and so is a tier
    that somebody gave. A second run changes nothing. Locks some customers at a time.
    """
    done = Recounted()
    last = 0
    while ids := list(Customer.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        with transaction.atomic():
            _recount(ids, done)
        last = ids[-1]
    audit("totals_recounted", actor=None, changes={"customers": {"old": None, "new": done.changed}})
    return done


def _recount(ids: Collection[int], done: Recounted) -> None:
    customers = lock_all(ids)
    _price([customer.pk for customer in customers], done)
    worth = Order.objects.worth_of([customer.pk for customer in customers])
    changed = [one for one in customers if _count(one, *worth.get(one.pk, (0, Decimal(0))))]
    done.customers += len(customers)
    done.changed += len(changed)
    if changed:
        data = customers_event_data([one.pk for one in changed])
        changes = {one.pk: one.changes() for one in changed}
        record_all(changed, "customer_updated", data)
        audit_all("totals_recounted", [(one, one.pk, changes[one.pk]) for one in changed], actor=None)


def _price(ids: Collection[int], done: Recounted) -> None:
    """Give orders without a rate the one that is known by now."""
    priced = []
    for order in Order.objects.filter(customer__in=ids, exchange_rate=None):
        order.exchange_rate = ExchangeRate.objects.at(order.currency, order.placed_at)
        if order.exchange_rate is None:
            done.without_rate += 1
            continue
        order.price()
        priced.append(order)
    Order.objects.bulk_update(priced, ["exchange_rate", "base_total"], batch_size=_BATCH)
    done.priced += len(priced)


def _count(customer: Customer, counted: int, spent: Decimal) -> bool:
    """Write the totals and the tier of a locked customer; False if they were right."""
    orders, total = customer.carried_orders + counted, customer.carried_spent + spent
    tier_before = customer.loyalty_tier
    tier = recounted_tier(tier_before, customer.given_tier, total)
    if (orders, total, tier) == (customer.total_orders, customer.total_spent, tier_before):
        return False
    customer.total_orders, customer.total_spent, customer.loyalty_tier = orders, total, tier
    customer.save(update_fields=["total_orders", "total_spent", "loyalty_tier", "updated_at"])
    if tier != tier_before:
        reason = f"Counted anew: {money(total)} spent."
        write_ledger_entry(customer, tier_before=tier_before, reason=reason, actor=None)
    return True
