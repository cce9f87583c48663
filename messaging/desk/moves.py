"""Chats that came to a desk, or left it, because a team changed; and those that left a state."""

from collections.abc import Collection, Iterable, Mapping

from accounts.models import User
from customers.models import Customer, CustomerQuerySet, Event
from messaging.desk.rows import NEWEST_CONVERSATION_FIRST, DeskCustomer, desk_rows
from messaging.models import ChatState

# What a chat may have been of which that is not known.
ANY_STATE = frozenset(ChatState.values)

# Who sees more than so many others at once loads the list again.
MOST = 100


def chats_since(before: User, now: User) -> tuple[list[int], list[DeskCustomer]] | None:
    """The ids of the chats that left the desk of a login since it was as `before`, and the rows of those that came.

    None if they are more than MOST.
    """
    was, owners = set(before.desk_owners), set(now.desk_owners)
    gone = _newest(Customer.objects.filter(owner__in=was - owners))
    new = _newest(Customer.objects.at_desk_of(now).filter(owner__in=owners - was))
    return None if len(gone) + len(new) > MOST else (gone, desk_rows(new))


def arrived_since(before: User, now: User, *, among: Collection[int]) -> set[int]:
    """Those of some chats that came to the desk of a login since it was as `before`."""
    owners = set(now.desk_owners) - set(before.desk_owners)
    return set(Customer.objects.at_desk_of(now).filter(pk__in=among, owner__in=owners).values_list("pk", flat=True))


def states_left(changes: Mapping[int, Iterable[int]]) -> dict[int, frozenset[str]]:
    """Which states chats have left, by customer id. `changes` has the numbers of the events that say so."""
    return {pk: frozenset().union(*(_state_before(pk, seq) for seq in seqs)) for pk, seqs in changes.items()}


def _state_before(customer_id: int, seq: int) -> frozenset[str]:
    before = Event.objects.filter(customer=customer_id, seq__lt=seq)
    last = before.filter(type="chat_state_changed").order_by("-seq").values_list("data__state", flat=True).first()
    if last is not None:
        return frozenset({last})
    # Chats begin open. The log may no longer reach back to what came then.
    return frozenset({ChatState.OPEN.value}) if before.filter(seq=1).exists() else ANY_STATE


def _newest(customers: CustomerQuerySet) -> list[int]:
    return list(customers.order_by(*NEWEST_CONVERSATION_FIRST).values_list("pk", flat=True)[: MOST + 1])
