"""What a chat socket reads of a customer's log, and from where a client can be brought up to date."""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from core.db.compiled import Compiled
from core.filters import whole_number
from customers.models import Customer, Event
from customers.visibility import DeskQuery
from messaging.serializers.messages import CHAT
from messaging.serializers.waiting import with_waiting

# A client further behind loads the chat over REST instead.
MAX_REPLAY = 1000
# Events read from the log at once.
BATCH = 500
# What a client without a cursor gets.
RECENT_MESSAGES = 50

_OLDEST = Event.objects.filter(customer=OuterRef("pk")).order_by("seq").values("seq")[:1]
_POSITION = DeskQuery(
    lambda user, pk: (
        Customer.objects.at_desk_of(user)
        .filter(pk=pk)
        .annotate(oldest_kept=Subquery(_OLDEST))
        .values("last_seq", "owner_id", "oldest_kept")
    )
)
_AFTER = Compiled(lambda customer, seq: Event.objects.after(customer, seq), window=True)


@dataclass(frozen=True)
class Opening:
    """What the first frames of a chat say, read in one go.

    `recent` for a client without a cursor, oldest message first; `events` after its cursor. With neither, the cursor
    cannot be used.
    """

    last_seq: int
    owner_id: int | None
    recent: list[dict[str, Any]] | None = None
    events: list[Event] | None = None


def opening_of(customer_id: int, cursor: str | None, *, user: Any) -> Opening | None:
    """Where the log ends and what a client needs to get there; None if `user` may not see the customer."""
    position = _POSITION.first(user, pk=customer_id)
    if position is None:
        return None
    last_seq, owner_id, oldest_kept = position["last_seq"], position["owner_id"], position["oldest_kept"]
    if cursor is None:
        return Opening(last_seq, owner_id, recent=_recent(customer_id))
    seen = whole_number(cursor)
    if seen == last_seq:
        return Opening(last_seq, owner_id, events=[])
    complete = seen is not None and oldest_kept is not None and oldest_kept <= seen + 1
    if not complete or not 0 < last_seq - seen <= MAX_REPLAY:
        return Opening(last_seq, owner_id)
    return Opening(last_seq, owner_id, events=_AFTER(customer=customer_id, seq=seen, limit=BATCH, offset=0))


def events_after(customer_id: int, seq: int, *, user: Any) -> list[Event] | None:
    """The next BATCH events; None if `user` may not see them (any longer)."""
    if _POSITION.first(user, pk=customer_id) is None:
        return None
    return _AFTER(customer=customer_id, seq=seq, limit=BATCH, offset=0)


def _recent(customer_id: int) -> list[dict[str, Any]]:
    rows = CHAT.bind(customer=customer_id).rows(None, 0, newer=False, limit=RECENT_MESSAGES)
    return list(with_waiting(rows[::-1]))
