"""Since when a customer waits for an answer: since the first message that nobody has answered.

It follows from the messages, in whichever order they arrive (docs/decisions/025-who-waits.md). In hand-written SQL,
because every answer comes through here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection
from django.utils import timezone

from core.db.compiled import prepared_cursor
from customers.models import Assignment, Customer
from messaging.models import NOT_WAITED_FOR, SENT, Conversation, Direction, Message, Status

# What is learned so soon after it happened has just happened: chats do not change hands in between.
_JUST_NOW = timedelta(seconds=2)
# The columns of an assignment that say who had a chat, and when.
HAD = ("assigned_at", "ended_at", "salesperson")
_Time = TypeVar("_Time", datetime, int)


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


# When an answer went out: not before it was written, whatever a clock elsewhere says.
_SENT_AT = "COALESCE(a.sent_at, a.delivered_at, a.read_at, a.ordered_at)"
_WENT_OUT = f"CASE WHEN {_SENT_AT} > a.ordered_at THEN {_SENT_AT} ELSE a.ordered_at END"
# One without a sender is from the phone app.
_LAST_ANSWERS = (
    "SELECT MAX(CASE WHEN a.sender_id IS NULL THEN a.ordered_at END) AS echo_at, "
    f"MAX(CASE WHEN a.sender_id IS NOT NULL THEN {_WENT_OUT} END) AS desk_at, "
    "MAX(CASE WHEN a.sender_id IS NOT NULL THEN a.id END) AS desk_id "
    f"FROM {Message._meta.db_table} a WHERE a.customer_id = c.customer_id AND a.direction = '{Direction.OUTBOUND}' "
    f"AND a.type <> 'reaction' AND NOT a.automatic AND a.status IN ({_quoted(SENT)})"
)
_BEGAN = "CASE WHEN m.created_at < m.ordered_at THEN m.created_at ELSE m.ordered_at END"
_WAITED_FOR = (
    f"m.customer_id = c.customer_id AND m.direction = '{Direction.INBOUND}' "
    f"AND m.type NOT IN ({_quoted(NOT_WAITED_FOR)}) AND m.deleted_at IS NULL "
    # Read on arrival: what nobody has to read, as from somebody who is blocked.
    f"AND NOT (m.status = '{Status.READ}' AND m.read_at IS NULL)"
)
# What arrived late has the place in the chat at which it was written: nobody at the desk had seen it by then.
_LATE = "m.created_at = m.ordered_at"
_UNANSWERED_SINCE = (
    f"SELECT MIN({_BEGAN}) FROM {Message._meta.db_table} m, ({_LAST_ANSWERS}) s WHERE {_WAITED_FOR} "
    "AND (s.echo_at IS NULL OR m.ordered_at > s.echo_at) AND (s.desk_id IS NULL OR "
    f"CASE WHEN {_LATE} THEN m.id > s.desk_id ELSE m.ordered_at > s.desk_at END)"
)
_LOOK = f"UPDATE {Conversation._meta.db_table} AS c SET waiting_since = ({_UNANSWERED_SINCE}) WHERE c.customer_id = %s"
# Nearly always an answer leaves nothing unanswered, which the end of the chat shows; else all of it is looked at.
_END = (
    f"UPDATE {Conversation._meta.db_table} AS c SET waiting_since = CASE WHEN EXISTS ("
    f"SELECT 1 FROM {Message._meta.db_table} m WHERE {_WAITED_FOR} AND m.ordered_at >= c.waiting_since "
    f"AND CASE WHEN {_LATE} THEN m.id > %s ELSE m.ordered_at > %s END"
    f") THEN ({_UNANSWERED_SINCE}) END WHERE c.customer_id = %s AND c.waiting_since IS NOT NULL"
)


def look_who_waits(customer_id: int) -> None:
    """Find out anew since when a customer waits. The customer is locked, and the messages are as they should be."""
    with prepared_cursor() as cursor:
        cursor.execute(_LOOK, [customer_id])


def answered_at(message: Message) -> datetime | None:
    """When a message of the desk answered the customer; None if it does not, or not yet."""
    if message.status not in SENT or message.type == "reaction" or message.automatic:
        return None
    at = message.sent_at or message.delivered_at or message.read_at or message.ordered_at
    return max(at, message.ordered_at)


def note_owner(customer: Customer, message: Message, *, before: datetime | None) -> None:
    """Note on an answer, which the caller saves, who owned the chat when it was sent. `before` as for `end_waiting`."""
    at = answered_at(message)
    if at is not None and at != before:  # a status that comes late may change when it was
        message.sent_for = owner_at(customer, at)


def owner_at(customer: Customer, at: datetime) -> int | None:
    """The id of who owned the chat of a locked customer at a time that has passed."""
    # Nearly always: then nothing is looked up. That an answer went out is also learned later, from a status.
    if timezone.now() - at <= _JUST_NOW:
        return customer.owner_id
    had = Assignment.objects.filter(customer=customer).order_by("-assigned_at", "-pk")
    return owner_among(list(had.values_list(*HAD)), at, otherwise=customer.owner_id)


def owner_among(had: Sequence[tuple[_Time, _Time | None, int]], at: _Time, *, otherwise: int | None) -> int | None:
    """Whose assignment it was at a time, of all those of a customer, newest first; without any, the owner of now."""
    if not had:
        return otherwise
    return next((pk for since, until, pk in had if since <= at and (until is None or at < until)), None)


def end_waiting(customer: Customer, message: Message, *, before: datetime | None) -> None:
    """Take in a new status of a message, which is stored. The customer is locked.

    `before` is `answered_at` of the message as it was. An answer that fails after it was sent was none.
    """
    after = answered_at(message)
    if after == before:
        return
    if after is not None and before is None:
        _end(customer.pk, message.pk, after)
    else:
        look_who_waits(customer.pk)


def end_waiting_by_phone(customer: Customer, at: datetime) -> None:
    """Take in an answer from the phone app, which is stored: there, whatever was written before `at` had been seen."""
    _end(customer.pk, 0, at)


def _end(customer_id: int, message_id: int, at: datetime) -> None:
    with prepared_cursor() as cursor:
        cursor.execute(_END, [message_id, connection.ops.adapt_datetimefield_value(at), customer_id])
