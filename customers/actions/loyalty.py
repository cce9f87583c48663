"""Points and tiers. Each change leaves an entry in the ledger, with who and why."""

from django.db import transaction
from rest_framework.exceptions import ValidationError

from accounts.models import User
from customers.actions.locking import lock
from customers.events import record
from customers.models import MAX_POINTS, Customer, LoyaltyEntry
from customers.serializers.customers import customer_event_data
from customers.tiers import tier_for


def write_ledger_entry(
    customer: Customer, *, tier_before: str, reason: str, actor: User | None, points: int = 0
) -> LoyaltyEntry:
    """Write into the ledger what a locked customer's points and tier are now."""
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
    """Give points, or take some away; never more than there are. Raises Http404, ValidationError."""
    customer = lock(customer_id, actor=actor)
    points_after = customer.loyalty_points + points
    if points_after < 0:
        raise ValidationError({"points": [f"This customer has {customer.loyalty_points} points to take away."]})
    if points_after > MAX_POINTS:
        raise ValidationError({"points": [f"Nobody has more than {MAX_POINTS} points."]})
    customer.loyalty_points = points_after
    customer.save(update_fields=["loyalty_points", "updated_at"])
    write_ledger_entry(customer, points=points, tier_before=customer.loyalty_tier, reason=reason, actor=actor)
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return customer


@transaction.atomic
def set_tier(*, customer_id: int, actor: User, tier: str | None = None, reason: str = "") -> Customer:
    """Set a tier; without one, that which the customer has earned, up or down. Raises Http404.

    Enters it in the ledger even if it is the tier they had: somebody looked, and gave a reason.
    """
    customer = lock(customer_id, actor=actor)
    if tier is None:
        tier, reason = tier_for(customer.total_spent), reason or f"Reckoned from {customer.total_spent} spent."
    tier_before, customer.loyalty_tier = customer.loyalty_tier, tier
    write_ledger_entry(customer, tier_before=tier_before, reason=reason, actor=actor)
    if tier != tier_before:
        customer.save(update_fields=["loyalty_tier", "updated_at"])
        record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return customer
