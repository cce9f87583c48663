"""Merging two customers who turn out to be one person. customers/actions/unmerge.py takes it back."""

from collections.abc import Mapping
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core.phones import variants
from core.ports import ports
from customers.actions.assignments import hand_over, unassign
from customers.actions.locking import lock
from customers.actions.loyalty import write_ledger_entry
from customers.events import NOBODY, announce_merged, record
from customers.keepers import keepers
from customers.merged_fields import PHONE, Difference, Side, choose, differences, snapshot, values_joined, values_kept
from customers.models import Customer, CustomerMerged, CustomerNotFound, Merge, MergeReason
from customers.serializers.customers import customer_event_data
from customers.serializers.merges import merge_event_data

MERGED = "customer_merged"
# What a preview counts, by the names the API has for the relations of Customer.
_COUNTED = {
    "messages": "messages",
    "contacts": "contacts",
    "data": "data",
    "tags": "given_tags",
    "orders": "orders",
    "addresses": "addresses",
    "groups": "group_memberships",
    "identities": "identities",
}


@transaction.atomic
def merge_customers(
    *,
    gone_id: int,
    into_id: int,
    actor: User | None,
    keep: Mapping[str, Side] | None = None,
    reason: str = MergeReason.MERGED,
    proved_phone: str | None = None,
) -> Merge:
    """Make one customer of two: `into` stays and takes over everything, `gone` is shown nowhere from then on.

    With the reason `merged` both must be on the actor's desk; `proved` needs no such right, because a person showed
    that both rows are theirs, by `proved_phone` if given. `keep` says whose value a field has
    (customers/merged_fields.py). Locks both in order of id: whoever locks one before must lock both in that order.
    Raises CustomerNotFound, CustomerMerged when somebody was faster, and ValidationError: under `into` for one who may
    not be seen, for the same row twice and for two logins, under `keep` for fields that cannot be chosen. Then nothing
    has changed.
    """
    gone, into = _lock_both(gone_id, into_id, None if reason == MergeReason.PROVED else actor)
    kept = _checked(gone, into, keep or {}, reason, proved_phone)
    merge = Merge(gone=gone, into=into, actor=actor, reason=reason)
    merge.before = {"gone": _before(gone), "into": _before(into)}
    taken, joined = values_kept(gone, into, kept), values_joined(gone, into)
    announce_merged(gone.pk)
    merge.moved = {keeper.relation: keeper.merge(into=into, gone=gone) for keeper in keepers()}
    owner = gone.owner if kept["owner"] == "this" else into.owner
    if gone.owner_id is not None:
        unassign(gone, actor=actor)
    _take_fields(gone, into, taken, joined, reason, proved_phone)
    _take_owner(into, owner, actor)
    entry = _enter(into, merge.before, gone, actor)
    merge.after = {**snapshot(into), "ledger_entry": entry}
    merge.save()
    _record(merge, gone, into, source_before=merge.before["into"]["source"])
    return merge


class MergePreview(TypedDict):
    """What a merge would do."""

    differs: list[Difference]
    moves: dict[str, int]


def preview(*, gone: Customer, into: Customer, keep: Mapping[str, Side]) -> MergePreview:
    """What `merge_customers` would do. Raises ValidationError as it does."""
    kept = _checked(gone, into, keep, MergeReason.MERGED, None)
    movable = {keeper.relation: keeper.movable(into=into, gone=gone) for keeper in keepers()}
    return {
        "differs": differences(gone, into, kept),
        "moves": {name: movable[relation].count() for name, relation in _COUNTED.items()},
    }


def _checked(
    gone: Customer, into: Customer, keep: Mapping[str, Side], reason: str, proved_phone: str | None
) -> dict[str, Side]:
    if gone.pk == into.pk:
        raise ValidationError({"into": ["A customer cannot be merged with themselves."]})
    if gone.user_id is not None and into.user_id is not None:
        raise ValidationError({"into": ["Both customers have a login, so they cannot be merged."]})
    return choose(gone, into, keep, reason, proved_phone)


def _lock_both(gone_id: int, into_id: int, actor: User | None) -> tuple[Customer, Customer]:
    locked = {}
    for pk in sorted({gone_id, into_id}):
        try:
            locked[pk] = lock(pk, actor=actor)
        except CustomerMerged:
            raise
        except CustomerNotFound:
            if pk == gone_id:
                raise
            raise ValidationError({"into": [f'Invalid pk "{pk}" - object does not exist.']})
    return locked[gone_id], locked[into_id]


def _before(customer: Customer) -> dict[str, Any]:
    """What undoing needs to know of a row: its fields, and the assignment that is open."""
    assignment = customer.assignments.open().values_list("pk", flat=True).first()
    return {**snapshot(customer), "assignment": assignment}


def _take_fields(
    gone: Customer,
    into: Customer,
    taken: dict[str, Any],
    joined: dict[str, Any],
    reason: str,
    proved_phone: str | None,
) -> None:
    """Write both rows. What only one row can have, phone, picture and login, changes hands."""
    changes = {**joined, **taken, "desk_at": into.desk_at, "updated_at": timezone.now()}
    left: dict[str, Any] = {"merged_into": into}
    if "phone" in taken:
        # The other phone is still theirs: messages from it find `into` through the row that goes.
        left |= {name: getattr(into, name) for name in PHONE}
    picture = gone.avatar.name if _takes_picture(gone, into, reason) else None
    if picture is not None:
        changes["avatar"], left["avatar"] = picture, into.avatar.name or ""
    if gone.user_id is not None:
        changes["user_id"], left["user"] = gone.user_id, None
    phone = changes.get("phone", into.phone)
    if proved_phone is not None and phone in variants(proved_phone):
        changes |= {"phone_verified": True, "phone_trusted": True}
    if phone and changes["pending_phone"] in variants(phone):
        changes["pending_phone"] = ""
    # By statements, not by save(): the picture that a row no longer names would be deleted.
    row = Customer.all_rows.filter(pk=gone.pk)
    row.update(**{**left, "phone": None if "phone" in taken else gone.phone})
    Customer.all_rows.filter(pk=into.pk).update(**changes)
    if "phone" in taken:
        row.update(phone=left["phone"])
    for customer in (gone, into):
        customer.refresh_from_db()
    if into.user_id is not None:
        User.objects.filter(pk=into.user_id).update(first_name=into.first_name, last_name=into.last_name)


def _takes_picture(gone: Customer, into: Customer, reason: str) -> bool:
    return bool(gone.avatar) and (not into.avatar or (reason == MergeReason.PROVED and gone.user_id is not None))


def _take_owner(into: Customer, owner: User | None, actor: User | None) -> None:
    """Give `into` its owner. One who does not sell any more is nobody's."""
    if owner is not None and owner.pk != into.owner_id:
        if User.objects.sellers().filter(pk=owner.pk).exists():
            hand_over(into, owner, actor=actor)
    elif owner is None and into.owner_id is not None:
        unassign(into, actor=actor)


def _enter(into: Customer, before: dict[str, Any], gone: Customer, actor: User | None) -> int | None:
    """Say in the ledger what the merge changed, and return the entry's id. The points are in entries that moved."""
    tier_before = before["into"]["loyalty_tier"]
    if into.loyalty_tier == tier_before and not before["gone"]["loyalty_points"]:
        return None
    return write_ledger_entry(into, tier_before=tier_before, reason=f"Merged with {gone.customer_id}.", actor=actor).pk


def _record(merge: Merge, gone: Customer, into: Customer, *, source_before: str) -> None:
    actor = merge.actor
    record(into, "customer_updated", customer_event_data(into), actor=actor)
    if into.source != source_before:
        for follow in ports("ON_SOURCE_CHANGED"):
            follow(customer=into, source_before=source_before, actor=actor)
    record(into, MERGED, merge_event_data(merge), actor=actor)
    # Whose they were has been told already.
    lost_by = NOBODY if merge.before["gone"]["owner_id"] is None else None
    record(gone, MERGED, merge_event_data(merge), actor=actor, previous_owner_id=lost_by)
