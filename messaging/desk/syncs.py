"""What a client missed of its list of chats, by the rows it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from accounts.models import User
from core.filters import possible_ids
from customers.models import Customer, CustomerQuerySet, Event
from messaging.desk.rows import NEWEST_CONVERSATION_FIRST

# Chats that are new above the list; who missed more loads it again.
MOST_NEW = 100
# Events looked up together.
_AT_ONCE = 100

_Position = tuple[datetime, int]


@dataclass(frozen=True)
class Missed:
    """The ids of the chats that are gone, that changed, and that are new above the list, the newest first.

    `more` says that there are others above it.
    """

    gone: list[int]
    changed: list[int]
    new: list[int]
    more: bool


def missed_by(user: User, known: Mapping[int, int], *, state: str | None = None) -> Missed:
    """What became of a list of chats, `{customer id: last_seq}`, on the desk of `user`; with `state` only of those."""
    desk = Customer.objects.at_desk_of(user)
    if state is not None:
        desk = desk.filter(conversation__state=state)
    listed = desk.filter(pk__in=possible_ids(known)).values_list("pk", "last_seq", "desk_at")
    there = {pk: (last_seq, desk_at) for pk, last_seq, desk_at in listed}
    # By the event that the client names, or the nearest that there ever was.
    changed = {pk: max(1, min(known[pk], last_seq)) for pk, (last_seq, _) in there.items() if last_seq != known[pk]}
    same = [(desk_at, pk) for pk, (_, desk_at) in there.items() if pk not in changed]
    # Where they are now, unless a message has moved them up since: what happened to a chat later does not.
    before = [min(at, (there[at[1]][1], at[1])) for at in _known_at(changed)]
    new = _above(desk.exclude(pk__in=list(there)), max([*same, *before], default=None))
    gone = [pk for pk in known if pk not in there]
    return Missed(gone, list(changed), new[:MOST_NEW], len(new) > MOST_NEW)


def _above(chats: CustomerQuerySet, newest: _Position | None) -> list[int]:
    """One more than MOST_NEW at the most."""
    if newest is not None:
        at, pk = newest
        chats = chats.filter(Q(desk_at__gt=at) | Q(desk_at=at, pk__gt=pk))
    return list(chats.order_by(*NEWEST_CONVERSATION_FIRST).values_list("pk", flat=True)[: MOST_NEW + 1])


def _known_at(changed: Mapping[int, int]) -> list[_Position]:
    """When the client knew these chats: at the time of the event that it names. They were no higher on the list then.

    By now they may have moved above chats that the client does not know.
    """
    found: list[_Position] = []
    pairs = list(changed.items())
    for start in range(0, len(pairs), _AT_ONCE):
        events = reduce(or_, (Q(customer=pk, seq=seq) for pk, seq in pairs[start : start + _AT_ONCE]))
        found += [(at, pk) for pk, at in Event.objects.filter(events).values_list("customer_id", "created_at")]
    return found
