"""Groups, and adding customers to them by hand and removing them."""

from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from accounts.audit import audit
from accounts.models import User
from core.changes import changed, gone, made, state
from customers.actions.locking import lock
from customers.events import record
from customers.group_members import matched_by
from customers.models import Customer, CustomerGroup, GroupMember
from customers.serializers.customers import customer_event_data


def save_group(*, actor: User, group: CustomerGroup | None = None, **fields: Any) -> CustomerGroup:
    """Create a group, or change one, and return it. `fields` are valid. Raises ValidationError for a taken name."""
    new = group is None
    group = group or CustomerGroup()
    before = {} if new else state(group, *fields)
    for field, value in fields.items():
        setattr(group, field, value)
    try:
        with transaction.atomic():
            # Only what is given: a group that has no key of its name yet can keep it (core/folding.py).
            group.save(update_fields=None if new else [*fields, "updated_at"])
            if new:
                audit("group_created", group, actor=actor, changes=made(group, *fields))
            elif changes := changed(before, fields):
                audit("group_changed", group, actor=actor, changes=changes)
    except IntegrityError:  # somebody else took the name a moment ago
        raise ValidationError({"name": ["A group with this name already exists."]})
    return group


@transaction.atomic
def delete_group(*, group: CustomerGroup, actor: User) -> None:
    """Delete a group. Its members stay customers."""
    audit("group_deleted", group, actor=actor, changes=gone(group, "name", "description", "assignment_rules"))
    group.delete()


@transaction.atomic
def add_member(*, group: CustomerGroup, customer_id: int, actor: User) -> None:
    """Add a customer to a group. Nothing happens when they are in it already. Raises Http404."""
    customer = lock(customer_id, actor=actor)
    _, new = GroupMember.objects.get_or_create(group=group, customer=customer, defaults={"added_by": actor})
    if new:
        _record(customer, group, "group_member_added", actor)


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
    _record(customer, group, "group_member_removed", actor)


def _record(customer: Customer, group: CustomerGroup, verb: str, actor: User) -> None:
    record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb=verb, about=group, changes={})
