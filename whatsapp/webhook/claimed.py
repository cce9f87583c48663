"""A stored webhook that somebody is handling: how far they are, and how they leave it.

Finishing one is hand-written SQL: with messaging/actions/receiving.py it is the hot path.
"""

import logging
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.db.compiled import prepared_cursor
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
# Both in one statement, where the database supports it.
_LINK_AND_DONE = f"WITH linked AS ({_LINK}) {_DONE}"


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


def close(event: Claimed, customer_id: int | None, finish: int | None) -> None:
    """Link the customer an element was about (erasing them blanks the raw body), and finish the event."""
    new = customer_id is not None and customer_id not in event.linked
    link: list[Any] = [event.pk, customer_id]
    done: list[Any] = [finish, event.took_ms, event.pk, event.token.hex]
    with prepared_cursor() as cursor:
        if new and finish is not None and connection.vendor == "postgresql":
            cursor.execute(_LINK_AND_DONE, link + done)
            return
        if new:
            cursor.execute(_LINK, link)
            transaction.on_commit(lambda: event.linked.add(customer_id or 0))
        if finish is not None:
            cursor.execute(_DONE, done)


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
