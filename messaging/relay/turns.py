"""Which messages are sent next: those that are due and the first unfinished one of their customer.

Hand-written SQL: it runs for every send, and a queue of 100,000 must not make it slower
(docs/decisions/005-hand-written-sql.md). The statuses are literals because a partial index is used only by a query that
repeats its condition.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from core.timestamps import aware
from messaging.channels import channels
from messaging.models import BusinessNumber, Message, PauseKind

_MESSAGES = Message._meta.db_table
_NUMBERS = BusinessNumber._meta.db_table
_UNFINISHED = "status IN ('queued', 'sending')"

# An unreachable number is tried with one message.
_AWAKE = (
    f"SELECT id, transport, pause_kind = '{PauseKind.UNREACHABLE}' FROM {_NUMBERS} "
    "WHERE paused_until IS NULL OR paused_until <= %s ORDER BY id"
)

# The front of a number's queue, each message with the first unfinished one of its customer on any number.
_FRONT = f"""
SELECT m.id, m.customer_id, m.not_before,
    (SELECT e.id FROM {_MESSAGES} e WHERE e.customer_id = m.customer_id AND e.{_UNFINISHED} ORDER BY e.id LIMIT 1)
FROM {_MESSAGES} m
WHERE m.status = 'queued' AND m.business_number_id = %s AND m.not_before <= %s
ORDER BY m.not_before, m.id LIMIT %s
"""

# The same from the other side: the first unfinished message of each customer, from customer to customer.
_COLUMNS = "id, customer_id, not_before, status, business_number_id"
_HEADS = f"""
WITH RECURSIVE heads({_COLUMNS}) AS (
    SELECT {_COLUMNS} FROM {_MESSAGES}
    WHERE id = (SELECT id FROM {_MESSAGES} WHERE {_UNFINISHED} ORDER BY customer_id, id LIMIT 1)
    UNION ALL
    SELECT n.id, n.customer_id, n.not_before, n.status, n.business_number_id FROM heads JOIN {_MESSAGES} n ON n.id = (
        SELECT m.id FROM {_MESSAGES} m WHERE m.{_UNFINISHED} AND m.customer_id > heads.customer_id
        ORDER BY m.customer_id, m.id LIMIT 1
    )
)
SELECT id, customer_id, not_before, id FROM heads
WHERE status = 'queued' AND business_number_id = %s AND not_before <= %s
ORDER BY not_before, id LIMIT %s
"""


@dataclass(frozen=True, order=True)
class Turn:
    """A message that can be sent now. `not_before` is as the database gives it: text on SQLite."""

    not_before: Any
    pk: int
    customer_id: int
    number_id: int
    transport: str
    # It only tries whether the provider can be reached.
    probe: bool = False


def due(limit: int) -> list[Turn]:
    """Return up to `limit` messages that can be sent now, from numbers that are not paused and have a channel.

    Each number is queried on its own, so that the long queue of a paused one is not searched. The result takes turns
    between numbers, so that a long queue, slowed down by its pace, does not hide a short one.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    found: list[tuple[int, Turn]] = []
    with connection.cursor() as cursor:
        cursor.execute(_AWAKE, [now])
        for number_id, transport, probe in cursor.fetchall():
            if transport in channels():
                turns = _due_of(cursor, number_id, transport, now, 1 if probe else limit)
                found += enumerate(replace(turn, probe=bool(probe)) for turn in turns)
    return [turn for _, turn in sorted(found)[:limit]]


def oldest_due() -> datetime | None:
    """Since when the message that could have been sent first is due. What is rightly held back does not count: a number
    that pauses or cannot reach its provider, a later try, an unfinished earlier message of the chat.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    since = []
    with connection.cursor() as cursor:
        cursor.execute(_AWAKE, [now])
        for number_id, transport, probe in cursor.fetchall():
            if not probe:
                since += [aware(turn.not_before) for turn in _due_of(cursor, number_id, transport, now, 1)]
    return min(since, default=None)


def _due_of(cursor: Any, number_id: int, transport: str, now: Any, limit: int) -> list[Turn]:
    # Enough to see past the messages that are being sent. If it is not, a few customers have long queues, and it is
    # faster to go from customer to customer.
    window = 8 * limit
    cursor.execute(_FRONT, [number_id, now, window])
    front = cursor.fetchall()
    turns = [Turn(at, pk, customer_id, number_id, transport) for pk, customer_id, at, first in front if pk == first]
    if len(turns) < limit and len(front) == window:
        cursor.execute(_HEADS, [number_id, now, limit])
        turns = [Turn(at, pk, customer_id, number_id, transport) for pk, customer_id, at, _ in cursor.fetchall()]
    return turns[:limit]
