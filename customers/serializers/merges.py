"""Merges as JSON, and the body that asks for one."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import user_ref
from core.timestamps import iso
from customers.models import Customer, Merge, MergeReason
from customers.serializers.customer_fields import DeskCustomerField
from customers.serializers.customers import RefSerializer


def customer_ref(customer: Customer) -> dict[str, Any]:
    """A customer as a merge names them: `{id, name}`."""
    return {"id": customer.pk, "name": customer.name}


def merge_data(merge: Merge, *, can_undo: bool) -> dict[str, Any]:
    """A merge as JSON values. `can_undo` says whether the reader may undo it now."""
    return {
        "id": merge.pk,
        "gone": customer_ref(merge.gone),
        "into": customer_ref(merge.into),
        "actor": user_ref(merge.actor),
        "reason": merge.reason,
        "at": iso(merge.at),
        "undone_at": iso(merge.undone_at),
        "can_undo": can_undo,
    }


class MergeBodySerializer(serializers.Serializer[Any]):
    """The body of POST merge/."""

    into = DeskCustomerField(help_text="the id of the customer who stays")
    keep = serializers.DictField(
        child=serializers.ChoiceField(choices=["this", "into"]),
        default=dict,
        help_text="whose value a field keeps: `this`, of the customer in the path, or `into`. Otherwise an empty "
        "value never beats a filled one, and `into` wins",
    )
    dry_run = serializers.BooleanField(default=False, help_text="true shows what would happen")

    class Meta:
        ref_name = "MergeBody"


class MergeSerializer(serializers.Serializer[Any]):
    """Describes `merge_data` in the API documentation."""

    id = serializers.IntegerField()
    gone = RefSerializer(help_text="the customer who became part of the other one")
    into = RefSerializer(help_text="the customer who stayed")
    actor = RefSerializer(allow_null=True, help_text="null: Patter itself")
    reason = serializers.ChoiceField(
        choices=MergeReason.choices, help_text="merged at the desk, or by a person who proved a phone"
    )
    at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)
    can_undo = serializers.BooleanField(help_text="by you, and now")

    class Meta:
        ref_name = "Merge"
