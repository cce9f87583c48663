"""What becomes of webhooks that could not be handled completely."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from core.db import leases
from messaging.actions.message_changes import UnknownMessage
from whatsapp.models import WebhookEvent, WebhookState

# How a reason begins that another attempt may help with. What cannot be read stays unreadable.
FAILED = "element"
# How long a reaction, an edit or a deletion waits for its message, which may be on its way or still failing itself.
WAITS_FOR = timedelta(days=1)

_NOTE = "A day later, the message that this changes is still unknown. It is probably from before Patter."
_CHANGES_UNKNOWN = re.compile(rf"{FAILED} \d+: {UnknownMessage.__name__}: ")
_MORE = re.compile(r"and (\d+) more")
_SHOWN = 20


def outcome(failures: Sequence[str], *, attempts: int, received_at: datetime) -> dict[str, object]:
    """The fields of an event with these failures. Once its attempts are used up, it is left to an admin.

    If all of them are changes of messages that nobody knows, it waits for these, and is done after a day, with a note.
    """
    again = any(reason.startswith(FAILED) for reason in failures)
    fields = failed(failures, attempts if again else WebhookEvent.MAX_ATTEMPTS)
    if not _only_changes(failures):
        return fields
    if timezone.now() - received_at < WAITS_FOR:
        return {**fields, "state": WebhookState.WAITING}
    return {**fields, "state": WebhookState.DONE, "error": f"{_NOTE}\n{shown(failures)}"}


def failed(reasons: Sequence[str], attempts: int) -> dict[str, object]:
    """The fields of a failed event."""
    return {
        "state": WebhookState.FAILED,
        "error": shown(reasons),
        "attempts": attempts,
        "not_before": timezone.now() + leases.backoff(attempts),
        "lease_until": None,
        "claim_token": None,
    }


def shown(reasons: Sequence[str]) -> str:
    """The reasons, one per line, without characters that a database cannot store: those to look into come first.

    At the end stands how many are left out, now and in earlier turns.
    """
    said = [reason for reason in reasons if not _MORE.fullmatch(reason)]
    left_out = sum(int(more[1]) for more in map(_MORE.fullmatch, reasons) if more) + max(len(said) - _SHOWN, 0)
    said.sort(key=lambda reason: bool(_CHANGES_UNKNOWN.match(reason)))
    lines = [" ".join(reason.split())[:500] for reason in said[:_SHOWN]]
    more = [f"and {left_out} more"] if left_out else []
    return "\n".join(lines + more).replace("\x00", "?").encode("utf-8", "replace").decode()


def look_again_at_changes() -> int:
    """Let events that only change unknown messages be tried a last time after a day; return how many.

    An older version called them failed.
    """
    now = timezone.now()
    # The condition of the index, and then what is looked for.
    candidates: Any = WebhookEvent.objects.exclude(state=WebhookState.DONE).filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        state__in=(WebhookState.WAITING, WebhookState.FAILED),
        attempts__gte=WebhookEvent.MAX_ATTEMPTS,
        received_at__lte=now - WAITS_FOR,
        error__contains=UnknownMessage.__name__,
    )
    found = [pk for pk, error in candidates.values_list("pk", "error") if _only_changes(error.splitlines())]
    count: int = candidates.filter(pk__in=found).update(attempts=WebhookEvent.MAX_ATTEMPTS - 1, not_before=now)
    return count


def _only_changes(reasons: Sequence[str]) -> bool:
    return bool(reasons) and all(_CHANGES_UNKNOWN.match(reason) or _MORE.fullmatch(reason) for reason in reasons)
