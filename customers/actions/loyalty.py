"""Points and tiers. Each change leaves an entry in the ledger, with who and why."""

from django.db import transaction
from rest_framework.exceptions import ValidationError

from accounts.models import User
from customers.actions.customers import apply_changes, write_ledger_entry
from customers.actions.locking import lock
from customers.events import record
from customers.models import Customer
from customers.serializers.customers import customer_event_data
from customers.tiers import tier_for

# What both databases hold in the column.
MAX_POINTS = 2**31 - 1


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
    if tier == customer.loyalty_tier:
        write_ledger_entry(customer, tier_before=tier, reason=reason, actor=actor)
        return customer
    return apply_changes(customer, {"loyalty_tier": tier}, actor=actor, reason=reason)
