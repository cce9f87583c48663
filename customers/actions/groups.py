"""Adding customers to groups by hand, and removing them."""

from django.db import transaction
from rest_framework.exceptions import ValidationError

from accounts.models import User
from customers.actions.locking import lock
from customers.events import record
from customers.group_members import matched_by
from customers.models import Customer, CustomerGroup, GroupMember
from customers.serializers.customers import customer_event_data


@transaction.atomic
def add_member(*, group: CustomerGroup, customer_id: int, actor: User) -> None:
    """Add a customer to a group. Nothing happens when they are in it already. Raises Http404."""
    customer = lock(customer_id, actor=actor)
    _, new = GroupMember.objects.get_or_create(group=group, customer=customer, defaults={"added_by": actor})
    if new:
        record(customer, "customer_updated", customer_event_data(customer), actor=actor)


@transaction.atomic
def remove_member(*, group: CustomerGroup, customer_id: int, actor: User) -> None:
    """Remove a customer from a group. Raises Http404, ValidationError for one who was not added by hand.

    A customer who also matches the rules stays a member.
    """
    customer = lock(customer_id, actor=actor)
    deleted, _ = GroupMember.objects.filter(group=group, customer=customer).delete()
    if not deleted:
        if Customer.objects.filter(matched_by(group), pk=customer.pk).exists():
            raise ValidationError(
                {"customer_id": ["This customer matches the rules of the group. Change the rules instead."]}
            )
        raise ValidationError({"customer_id": ["This customer is not in the group."]})
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)
