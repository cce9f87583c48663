"""Undoing a merge: both customers are there again, each with what they had. What came since stays with the survivor."""

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied

from accounts.models import User
from core.ports import ports
from customers.actions.assignments import hand_over, lock_seller, unassign
from customers.errors import CannotUndo
from customers.events import NOBODY, note_unseen, record
from customers.keepers import keepers
from customers.merged_fields import OF_LOGIN, PHONE, from_json, snapshot
from customers.models import (
    Assignment,
    Customer,
    CustomerNotFound,
    LoyaltyEntry,
    Merge,
    MergeReason,
    merged_ids,
    release_phone,
    survivor_id,
)
from customers.serializers.assignments import assignment_event_data
from customers.serializers.customers import customer_event_data
from customers.serializers.merges import merge_event_data
from customers.visibility import has_on_desk

UNDONE = "merge_undone"
# What is put back by rules of its own.
_TOTALS = ("loyalty_points", "total_orders", "total_spent", "carried_orders", "carried_spent")
_NOT_AS_IT_WAS = frozenset({*PHONE, "avatar", "user_id", "owner_id", *_TOTALS})


@transaction.atomic
def undo_merge(*, merge_id: int, actor: User | None) -> Merge:
    """Take back a merge and return it. `actor` None means Patter itself.

    Fields go back to what they were if they still hold what the merge wrote; totals lose what the other customer
    brought. Raises CustomerNotFound for a merge whose survivor the actor may not see, PermissionDenied, and CannotUndo.
    """
    merge = Merge.objects.filter(pk=merge_id).first()
    if merge is None:
        raise CustomerNotFound
    rows = Customer.all_rows.select_for_update(no_key=True).filter(pk__in=(merge.gone_id, merge.into_id))
    locked = {row.pk: row for row in rows.order_by("pk")}
    # Again, now that nobody else can undo it.
    merge = Merge.objects.filter(pk=merge_id).first()
    if merge is None:
        raise CustomerNotFound
    gone, into = locked[merge.gone_id], locked[merge.into_id]
    survivor = Customer.objects.get(pk=survivor_id(into.pk) or into.pk)
    if (refusal := refusal_to_undo(merge, actor, survivor)) is not None:
        raise refusal
    # Nothing of it is shown yet, but the keepers and the log need a customer like any other.
    Customer.all_rows.filter(pk=gone.pk).update(merged_into=None)
    note_unseen(gone)
    for keeper in keepers():
        keeper.undo(into=into, gone=gone, merge=merge)
    source_before = into.source
    _restore_fields(gone, into, merge)
    _restore_owners(gone, into, merge, actor)
    merge.undone_at, merge.undone_by = timezone.now(), actor
    merge.save(update_fields=["undone_at", "undone_by"])
    _record(gone, into, merge, source_before=source_before)
    return merge


def _record(gone: Customer, into: Customer, merge: Merge, *, source_before: str) -> None:
    actor = merge.undone_by
    for customer in (into, gone):
        record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    if into.source != source_before:
        for follow in ports("ON_SOURCE_CHANGED"):
            follow(customer=into, source_before=source_before, actor=actor)
    for customer in (into, gone):
        record(customer, UNDONE, merge_event_data(merge), actor=actor)


def refusal_to_undo(merge: Merge, actor: User | None, survivor: Customer) -> Exception | None:
    """Why somebody cannot undo a merge; None if they can. `survivor` is the customer whom its `into` is part of now.

    Admins can, and salespeople to whom or to whose team both customers belonged, unless a person proved that both rows
    are theirs.
    """
    if actor is not None and not has_on_desk(actor, survivor.owner_id):
        return CustomerNotFound()
    by_staff = merge.reason == MergeReason.MERGED
    theirs = by_staff and actor is not None and merge.before["gone"]["owner_id"] in actor.desk_owners
    if actor is not None and not actor.is_admin and not theirs:
        return PermissionDenied("Only an admin can undo this merge.")
    if merge.undone_at is not None:
        return CannotUndo("already_undone", "This merge has been undone already.")
    if survivor.pk != merge.into_id:
        return CannotUndo("merged_since", "The customer was merged into another one since. Undo that merge first.")
    if timezone.now() - merge.at > Merge.UNDO_WITHIN:
        return CannotUndo("too_late", f"A merge can be undone within {Merge.UNDO_WITHIN.days} days.")
    return None


def merges_of(customer: Customer, reader: User) -> list[tuple[Merge, bool]]:
    """The merges of a customer, newest first, each with whether the reader can undo it.

    Of merges that were undone, only those whose other customer the reader may see, too. The number of queries does not
    grow with them.
    """
    rows = {customer.pk, *merged_ids(customer.pk)}
    merges = Merge.objects.filter(Q(into__in=rows) | Q(gone=customer)).newest_first()
    found = list(merges.select_related("gone", "into", "actor"))
    others = {pk for merge in found for pk in (merge.gone_id, merge.into_id)} - rows
    shown = rows | set(Customer.objects.at_desk_of(reader).filter(pk__in=others).values_list("pk", flat=True))
    return [
        (merge, refusal_to_undo(merge, reader, customer) is None)
        for merge in found
        if {merge.gone_id, merge.into_id} <= shown
    ]


def _restore_fields(gone: Customer, into: Customer, merge: Merge) -> None:
    """Write both rows. What only one row can have, phone, picture and login, goes back to who had it."""
    before, after, now = merge.before, merge.after, snapshot(into)
    unchanged = [name for name in before["into"].keys() & after.keys() - _NOT_AS_IT_WAS if now[name] == after[name]]
    changes = {name: before["into"][name] for name in unchanged}
    back: dict[str, Any] = {"updated_at": timezone.now()}
    if after["avatar"] != before["into"]["avatar"]:
        # A picture that replaced it since has deleted its file.
        taken = now["avatar"] == after["avatar"]
        back["avatar"] = before["gone"]["avatar"] if taken else ""
        changes |= {"avatar": before["into"]["avatar"]} if taken else {}
    if (login := before["gone"]["user_id"]) is not None and into.user_id == login:
        # What somebody signs in with is theirs, however it was changed since.
        changes |= {name: before["into"][name] for name in (*OF_LOGIN, "is_verified")} | {"user_id": None}
        back |= {"user_id": login, **User.objects.values("email", "is_active").get(pk=login)}
    totals, own_totals = _totals(gone, into, merge)
    LoyaltyEntry.objects.filter(pk=after["ledger_entry"], customer=into).delete()
    # By statements, not by save(): the picture that a row no longer names would be deleted.
    changed = {name: from_json(name, value) for name, value in changes.items()}
    row = Customer.all_rows.filter(pk=into.pk)
    row.update(**{**changed, **own_totals, "desk_at": into.desk_at, "updated_at": timezone.now()})
    Customer.all_rows.filter(pk=gone.pk).update(**back, **totals)
    _give_back_phone(gone, into, merge)
    for customer in (gone, into):
        customer.refresh_from_db()
        names = {"first_name": customer.first_name, "last_name": customer.last_name}
        User.objects.filter(pk=customer.user_id).update(**names)


def _totals(gone: Customer, into: Customer, merge: Merge) -> tuple[dict[str, Any], dict[str, Any]]:
    """The totals of both: what `gone` brought goes back, with what became of their orders since. Never below zero."""
    moved, worth = merge.moved_of("orders"), gone.orders.worth()
    orders = gone.total_orders + worth["counted"] - moved.get("counted", worth["counted"])
    spent = gone.total_spent + Decimal(worth["spent"]) - Decimal(moved.get("spent", worth["spent"]))
    theirs = {"total_orders": max(orders, 0), "total_spent": max(spent, Decimal(0))}
    own = {
        "loyalty_points": max(into.loyalty_points - gone.loyalty_points, 0),
        "total_orders": max(into.total_orders - theirs["total_orders"], 0),
        "total_spent": max(into.total_spent - theirs["total_spent"], Decimal(0)),
        "carried_orders": max(into.carried_orders - gone.carried_orders, 0),
        "carried_spent": max(into.carried_spent - gone.carried_spent, Decimal(0)),
    }
    return theirs, own if own["total_orders"] else {**own, "last_order_date": None}


def _give_back_phone(gone: Customer, into: Customer, merge: Merge) -> None:
    """Both phones as they were, unless that of `into` was changed since to one that was never `gone`'s.

    How much is proved of a phone by now goes along with it.
    """
    mine, theirs, written = map(_phone_of, (merge.before["into"], merge.before["gone"], merge.after))
    given, waiting = ({name: getattr(row, name) for name in PHONE} for row in (into, gone))
    if waiting["phone"] is not None:
        # It may not be trusted any more.
        mine = waiting if waiting["phone"] == mine["phone"] != written["phone"] else mine
        theirs = waiting if waiting["phone"] == theirs["phone"] else theirs
    if given["phone"] != mine["phone"]:
        restored = given["phone"] in (written["phone"], theirs["phone"])
        theirs = given if given["phone"] == theirs["phone"] else theirs
    else:
        restored = given == written
    for row in (gone, into) if restored else (gone,):
        # Nobody holds it twice on the way.
        Customer.all_rows.filter(pk=row.pk).update(phone=None)
    if restored:
        _give_phone(into, mine, into, otherwise={"phone": None})
    _give_phone(gone, theirs, into, otherwise={"phone_trusted": False})


def _phone_of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: from_json(name, row[name]) for name in PHONE}


def _give_phone(customer: Customer, phone: dict[str, Any], survivor: Customer, *, otherwise: dict[str, Any]) -> None:
    """Give a customer their phone again; with the changes of `otherwise` if somebody else has it by now."""
    row = Customer.all_rows.filter(pk=customer.pk)
    if phone["phone"] is not None:
        # It may wait with another row that was merged into the same customer.
        release_phone(phone["phone"], survivor.pk)
    try:
        with transaction.atomic():
            row.update(**phone)
    except IntegrityError:
        row.update(**{**phone, **otherwise})


def _restore_owners(gone: Customer, into: Customer, merge: Merge, actor: User | None) -> None:
    was, after = merge.before["into"], merge.after
    if into.owner_id == after["owner_id"] != was["owner_id"]:
        restored = _restore_owner(into, was, actor)
        if not restored and into.owner_id is not None:
            unassign(into, actor=actor)
    _restore_owner(gone, merge.before["gone"], actor)


def _restore_owner(customer: Customer, was: dict[str, Any], actor: User | None) -> bool:
    """Continue the assignment that a merge ended; False without one, or when its salesperson sells no more."""
    owner = User.objects.sellers().filter(pk=was["owner_id"]).first()
    if owner is None:
        return False
    ended: Assignment | None = customer.assignments.filter(pk=was["assignment"], salesperson=owner).first()
    if ended is None:  # an owner from before assignments were recorded
        hand_over(customer, owner, actor=actor)
        return True
    previous_owner_id = customer.owner_id or NOBODY
    customer.assignments.open().update(ended_at=timezone.now())
    ended.ended_at = None
    ended.save(update_fields=["ended_at"])
    customer.owner = lock_seller(owner)
    customer.save(update_fields=["owner", "updated_at"])
    data = assignment_event_data(ended, customer.owner)
    record(customer, "assignment_changed", data, actor=actor, previous_owner_id=previous_owner_id)
    return True
