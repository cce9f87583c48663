"""Merging two customers who turn out to be one person."""

from accounts.models import User
from customers.actions.customers import forget_history
from customers.actions.loyalty import write_ledger_entry
from customers.events import announce_gone
from customers.models import Customer
from customers.related import keepers
from customers.tiers import RANK, tier_for

# What registered customers say about themselves wins over what the desk has noted, where they say something.
_WHAT_THEY_SAY = ("first_name", "last_name", "username", "email", "nic", "gender", "date_of_birth", "avatar")
# What they have chosen wins in any case.
_WHAT_THEY_CHOSE = (
    "preferred_language",
    "preferred_currency",
    "accepts_marketing_email",
    "accepts_marketing_sms",
    "is_active",
    "is_verified",
)


def absorb(older: Customer, newer: Customer, *, actor: User) -> dict[str, list[int]]:
    """Merge two customers that this transaction has locked: `older` keeps its id, chat and owner, `newer` is deleted.

    `older` gets the login of `newer` and what hangs off it (customers/related.py). Returns the ids of the rows that
    moved, for each relation of Customer. The caller records the event and has nothing left to save.
    """
    moved = {keeper.relation: keeper.merge(into=older, gone=newer) for keeper in keepers()}
    tier_before, points = older.loyalty_tier, newer.loyalty_points
    for field in _WHAT_THEY_SAY:
        if value := getattr(newer, field):
            setattr(older, field, value.name if field == "avatar" else value)
    for field in _WHAT_THEY_CHOSE:
        setattr(older, field, getattr(newer, field))
    older.is_vip = older.is_vip or newer.is_vip
    older.loyalty_points += points
    older.total_orders += newer.total_orders
    older.total_spent += newer.total_spent
    tiers = (older.loyalty_tier, newer.loyalty_tier, tier_for(older.total_spent))
    older.loyalty_tier = max(tiers, key=RANK.__getitem__)
    older.last_order_date = max(filter(None, (older.last_order_date, newer.last_order_date)), default=None)
    older.notes = "\n".join(filter(None, (older.notes, newer.notes)))
    older.user_id = newer.user_id
    # Before `older` takes the login and the picture, which only one row can have.
    Customer.objects.filter(pk=newer.pk).update(user=None, avatar="")
    older.save()
    if points or tier_before != older.loyalty_tier:
        # The points themselves are in the entries that moved.
        write_ledger_entry(older, tier_before=tier_before, reason=f"Merged with {newer.customer_id}.", actor=actor)
    _remove(newer.pk, newer.owner_id)
    return moved


def _remove(pk: int, owner_id: int | None) -> None:
    forget_history(Customer, pk)
    # Read again: deleting a row that still names the picture would delete the file.
    Customer.objects.get(pk=pk).delete()
    announce_gone(pk, owner_id)
