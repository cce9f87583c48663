"""Loyalty points and tiers. Each change adds an entry to the ledger that says who made it and why."""

from django.db import transaction
from rest_framework.exceptions import ValidationError

from accounts.audit import audit
from accounts.models import User
from customers.actions.locking import lock
from customers.events import record
from customers.models import MAX_POINTS, Customer, LoyaltyEntry
from customers.money import money
from customers.serializers.customers import customer_event_data
from customers.tiers import tier_for


def write_ledger_entry(
    customer: Customer, *, tier_before: str, reason: str, actor: User | None, points: int = 0
) -> LoyaltyEntry:
    """Add an entry with the points and tier that a locked customer has now."""
    return LoyaltyEntry.objects.create(
        customer=customer,
        points=points,
        points_after=customer.loyalty_points,
        tier_before=tier_before,
        tier_after=customer.loyalty_tier,
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def add_points(*, customer_id: int, actor: User, points: int, reason: str) -> Customer:
    """Add points, or take some away, but not more than there are. Raises Http404, ValidationError."""
    customer = lock(customer_id, actor=actor)
    points_after = customer.loyalty_points + points
    if points_after < 0:
        raise ValidationError({"points": [f"This customer has only {customer.loyalty_points} points."]})
    if points_after > MAX_POINTS:
        raise ValidationError({"points": [f"A customer can have at most {MAX_POINTS} points."]})
    customer.loyalty_points = points_after
    customer.save(update_fields=["loyalty_points", "updated_at"])
    write_ledger_entry(customer, points=points, tier_before=customer.loyalty_tier, reason=reason, actor=actor)
    record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb="points_changed")
    return customer


@transaction.atomic
def set_tier(*, customer_id: int, actor: User, tier: str | None = None, reason: str = "") -> Customer:
    """Set the tier; without `tier`, to the one that the customer's spending has earned. Raises Http404.

    Adds an entry to the ledger even when the tier stays the same: somebody decided that, for a reason.
    """
    customer = lock(customer_id, actor=actor)
    given_before, customer.given_tier = customer.given_tier, tier or ""
    if tier is None:
        tier, reason = tier_for(customer.total_spent), reason or f"Based on {money(customer.total_spent)} spent."
    tier_before, customer.loyalty_tier = customer.loyalty_tier, tier
    write_ledger_entry(customer, tier_before=tier_before, reason=reason, actor=actor)
    if tier != tier_before or customer.given_tier != given_before:
        customer.save(update_fields=["loyalty_tier", "given_tier", "updated_at"])
    if tier != tier_before:
        record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb="tier_set")
    else:
        audit("tier_set", customer, actor=actor, customer=customer.pk)
    return customer
