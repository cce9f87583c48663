"""A stored webhook that somebody is handling: how far they are, and how they leave it.

Finishing one is hand-written SQL: with messaging/actions/receiving.py it is the hot path.
"""

import logging
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.db.together import Write, write_together
from core.live.publishing import wake_relays
from whatsapp.models import WebhookEvent, WebhookState
from whatsapp.webhook import failures

logger = logging.getLogger(__name__)

_TABLE = WebhookEvent._meta.db_table
_LINKS = WebhookEvent.customers.through._meta.db_table
_LINK = f"INSERT INTO {_LINKS} (webhookevent_id, customer_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_DONE = (
    f"UPDATE {_TABLE} SET state = 'done', error = '', elements = %s, took_ms = %s, lease_until = NULL, "
    "claim_token = NULL WHERE id = %s AND claim_token = %s"
)


@dataclass
class Claimed:
    """An event that is being handled, with the token needed to finish it.

    The first `done` elements were handled in earlier turns; `failures` are those of all turns.
    """

    pk: int
    body: bytes
    token: uuid.UUID
    received_at: datetime = field(default_factory=timezone.now)
    attempts: int = 1
    done: int = 0
    failures: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    linked: set[int] = field(default_factory=set)

    @property
    def took_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)

    @property
    def row(self) -> "QuerySet[WebhookEvent]":
        """The event, as long as the claim still holds."""
        return WebhookEvent.objects.filter(pk=self.pk, claim_token=self.token)

    def note_account_errors(self, texts: Iterable[str]) -> None:
        """Keep what Meta says is wrong with the account, once however often the event is handled."""
        known = str(self.row.values_list("account_errors", flat=True).first() or "")
        lines = dict.fromkeys([*known.splitlines(), *(" ".join(text.split()) for text in texts)])
        self.row.update(account_errors="\n".join(lines))
        logger.warning("webhook %s: Meta reports errors of the account: %s", self.pk, "; ".join(texts))


@dataclass
class Closing:
    """What is written when one element has been handled, once.

    The customer it was about is linked, because erasing them blanks the raw body. With `finish`, the number of
    elements, the event is finished.
    """

    event: Claimed
    finish: int | None
    written: bool = False

    def writes(self, customer_id: int | None) -> list[Write]:
        """The statements, for a handler that writes them with others: then it says that they are `written`."""
        event, found = self.event, list[Write]()
        if customer_id is not None and customer_id not in event.linked:
            found.append((_LINK, [event.pk, customer_id]))
            transaction.on_commit(lambda: event.linked.add(customer_id))
        if self.finish is not None:
            found.append((_DONE, [self.finish, event.took_ms, event.pk, event.token.hex]))
        return found

    def write(self, customer_id: int | None) -> None:
        """Write them, if no handler has."""
        if not self.written and (found := self.writes(customer_id)):
            write_together(*found)


def leave_to_relay(event: Claimed, done: int, *, pause: float = 0.0) -> None:
    """Leave what follows the first `done` elements to the relay, for `pause` seconds at least.

    A turn that made progress costs no attempt, nor does one that somebody else kept waiting.
    """
    event.row.update(
        state=WebhookState.PENDING,
        elements=done,
        error=failures.shown(event.failures),
        attempts=event.attempts - 1 if done > event.done or pause else event.attempts,
        not_before=timezone.now() + timedelta(seconds=pause),
        lease_until=None,
        claim_token=None,
    )
    wake_relays()
