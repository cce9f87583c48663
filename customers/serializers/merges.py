"""Merges as JSON, and the body that asks for one."""

from typing import Annotated, TypedDict

from rest_framework import serializers

from accounts.serializers import user_ref
from core.fields import KnownFieldsOnly, StrictBooleanField
from core.shapes import Ref, Time
from core.timestamps import iso
from customers.models import Customer, Merge, MergeReason
from customers.serializers.customer_fields import DeskCustomerField


class MergeRow(TypedDict):
    """That two customers became one."""

    id: int
    gone: Annotated[Ref, "the customer who became part of the other one"]
    into: Annotated[Ref, "the customer who stayed"]
    actor: Annotated[Ref | None, "null: Patter itself"]
    reason: Annotated[str, MergeReason, "merged at the desk, or by a person who proved a phone"]
    at: Time
    undone_at: Time | None
    can_undo: Annotated[bool, "by you, and now"]


def customer_ref(customer: Customer) -> Ref:
    """A customer as a merge names them: `{id, name}`."""
    return {"id": customer.pk, "name": customer.name}


def merge_data(merge: Merge, *, can_undo: bool) -> MergeRow:
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


class MergeEvent(TypedDict):
    """What `customer_merged` and `merge_undone` record, by their ids."""

    merge: int
    gone: int
    into: int


def merge_event_data(merge: Merge) -> MergeEvent:
    """The data of `customer_merged` and `merge_undone`."""
    return {"merge": merge.pk, "gone": merge.gone_id, "into": merge.into_id}


class MergeBodySerializer(KnownFieldsOnly):
    """The body of POST merge/."""

    into = DeskCustomerField(help_text="the id of the customer who stays")
    keep = serializers.DictField(
        child=serializers.ChoiceField(choices=["this", "into"]),
        default=dict,
        help_text="whose value a field keeps: `this`, of the customer in the path, or `into`. Otherwise an empty "
        "value never beats a filled one, and `into` wins",
    )
    dry_run = StrictBooleanField(default=False, help_text="true shows what would happen")

    class Meta:
        ref_name = "MergeBody"
