"""Why a queued message is held back, and until when. It is looked up when it is shown, and stored nowhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

from django.db import connection
from django.utils import timezone

from core.shapes import OneOf, Time
from core.timestamps import aware, iso
from messaging.models.messages import UNTIL_CONVERTED
from messaging.models.numbers import UNTIL_RESUMED, BusinessNumber, PauseKind

CODES = ("behind", "converting", "unreachable", "throttled", "paused", "retry")


class Waiting(TypedDict):
    """What holds back a queued message."""

    code: Annotated[str, OneOf(CODES), "`behind`: an earlier message of the chat is unfinished"]
    title: str
    until: Annotated[Time | None, "null where nobody knows"]


_BEHIND = "An earlier message to this customer is still on its way."
_RETRY = "It will be tried again."
_CONVERTING = "Its file is being converted into one that can be sent."
# For a number that says nothing itself.
_OF_NUMBERS = {
    PauseKind.UNREACHABLE: "The provider cannot be reached. The message will be sent when it can.",
    PauseKind.THROTTLED: "The number has sent too much at once.",
    PauseKind.PAUSED: "The number sends nothing at the moment.",
}

# Named here, because whatever renders messages imports this module, and it needs no more of them.
_MESSAGES = "messaging_message"
# The statuses are literals, so that the partial index is used (docs/decisions/005-hand-written-sql.md).
_HELD = f"""
SELECT m.id, m.not_before, n.pause_kind, n.paused_until, n.reason,
    EXISTS (SELECT 1 FROM {_MESSAGES} e
        WHERE e.customer_id = m.customer_id AND e.id < m.id AND e.status IN ('queued', 'sending'))
FROM {_MESSAGES} m JOIN {BusinessNumber._meta.db_table} n ON n.id = m.business_number_id
WHERE m.status = 'queued' AND m.id IN ({{ids}})
"""


def with_waiting(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Put `waiting` into rows of messages. Costs one statement if any of them is queued, and otherwise none."""
    found = waiting_of(row["id"] for row in rows if row["status"] == "queued")
    for row in rows if found else ():
        row["waiting"] = found.get(row["id"])
    return rows


def waiting_of(message_ids: Iterable[int]) -> dict[int, Waiting]:
    """What holds back those of these messages that are queued and cannot be sent right now: `{code, title, until}`."""
    ids = list(message_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HELD.format(ids=", ".join(["%s"] * len(ids))), ids)
        rows = cursor.fetchall()
    now = timezone.now()
    found = {}
    for pk, not_before, kind, paused_until, reason, behind in rows:
        if aware(not_before) >= UNTIL_CONVERTED:
            found[pk] = _said("converting", _CONVERTING)
        elif behind:
            found[pk] = _said("behind", _BEHIND)
        elif (pause := pause_of(kind, paused_until and aware(paused_until), reason, now)) is not None:
            found[pk] = pause
        elif aware(not_before) > now:
            found[pk] = _said("retry", _RETRY, aware(not_before))
    return found


def waiting_when_new(number: BusinessNumber, *, behind: bool, converting: bool) -> Waiting | None:
    """`waiting_of` for a message that is queued now. `behind`: an earlier one to the customer is unfinished."""
    if converting:
        return _said("converting", _CONVERTING)
    if behind:
        return _said("behind", _BEHIND)
    return pause_of(number.pause_kind, number.paused_until, number.reason, timezone.now())


def pause_of(kind: str, until: datetime | None, reason: str, now: datetime) -> Waiting | None:
    """What holds back the messages of a number; None if it sends."""
    if kind == PauseKind.UNREACHABLE:
        return _said(kind, _OF_NUMBERS[PauseKind.UNREACHABLE])
    if until is None or until <= now:
        return None
    kind = kind or PauseKind.PAUSED
    return _said(kind, reason or _OF_NUMBERS[PauseKind(kind)], until if until < UNTIL_RESUMED else None)


def _said(code: str, title: str, until: datetime | None = None) -> Waiting:
    return {"code": str(code), "title": title, "until": iso(until)}
