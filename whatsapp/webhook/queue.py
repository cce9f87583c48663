"""Webhooks are stored first, then handled in the request as far as time allows, and the rest by the relay.

Elements are idempotent (a unique wamid, a unique status), so a failed event can be handled again from its beginning.
Storing is hand-written SQL: with messaging/actions/receiving.py it is the hot path.
"""

import logging
import time
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.db import leases
from core.db.compiled import prepared_cursor
from core.db.failures import Trouble, trouble_of
from core.db.patience import patience
from core.faults import fault
from whatsapp import business_numbers
from whatsapp.account_health import apply_account_change
from whatsapp.message_templates import apply_change
from whatsapp.models import WebhookEvent, WebhookState
from whatsapp.payload.elements import (
    AccountChange,
    AccountErrors,
    Broken,
    Element,
    NumberElement,
    PastMessages,
    TemplateChange,
)
from whatsapp.payload.envelope import Malformed, parse
from whatsapp.webhook import failures
from whatsapp.webhook.claimed import Claimed, Closing, leave_to_relay
from whatsapp.webhook.handlers import customer_behind, handle
from whatsapp.webhook.locked import PAUSE_SECONDS, SECOND_SECONDS, locked_people
from whatsapp.webhook.unknown_statuses import keep_unknown

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30
# How long the request that stored an event may work on it: Meta expects the answer within about a second.
REQUEST_SECONDS = 0.5
# How long the relay works on one event before it takes the next, and waits for each lock meanwhile.
TURN_SECONDS, LOCK_SECONDS = 3.0, 0.2
# How long each of these works on history before the next webhook has its turn.
HISTORY_SECONDS = 0.5
# How often the relay looks for changes of messages that did not turn up within a day.
LOOK_SECONDS = 60.0
# How long the request waits to store the event, for SQLite's one writer above all; then, for each element, it is
# WEBHOOK_LOCK_TIMEOUT. Meta hangs up long before the 20 s of ordinary requests, and sends the webhook again.
STORE_PATIENCE_SECONDS = 3.0

_TABLE = WebhookEvent._meta.db_table
_INSERT = (
    f"INSERT INTO {_TABLE} (body, state, error, elements, received_at, attempts, not_before, lease_until, claim_token) "
    "VALUES (%s, 'pending', '', 0, %s, 1, %s, %s, %s) RETURNING id"
)


def receive(body: bytes) -> None:
    """Store a signed webhook body, commit, and handle as much of it as fits into half a second.

    Raises django.db.Error if it cannot be stored, but not for anything that happens after that.
    """
    with patience(STORE_PATIENCE_SECONDS):
        event = _store(body)
    try:
        with patience(settings.WEBHOOK_LOCK_TIMEOUT):
            process(event, event.started + REQUEST_SECONDS)
    except Error as error:  # the database went away: the lease expires and the relay takes over
        logger.error("webhook %s waits for the relay: %s", event.pk, error)


def _store(body: bytes) -> Claimed:
    now = timezone.now()
    event = Claimed(pk=0, body=body, token=uuid.uuid4())
    adapt = connection.ops.adapt_datetimefield_value
    at, until = adapt(now), adapt(now + timedelta(seconds=LEASE_SECONDS))
    with prepared_cursor() as cursor:
        cursor.execute(_INSERT, [body, at, at, until, event.token.hex])
        event.pk = cursor.fetchone()[0]
    return event


def process(event: Claimed, deadline: float) -> None:
    """Handle an event's elements, each in a transaction of its own, and finish the event.

    What is left at `deadline` (time.monotonic) goes to the relay. At least one element is handled, so that even a body
    that takes long to parse gets finished. Elements about people whom somebody else holds for longer than the caller's
    `patience` go to the relay, too, and cost the others no time. Raises django.db.Error only if the event itself cannot
    be finished.
    """
    try:
        elements = parse(event.body, event.received_at)
    except Malformed as error:
        event.row.update(**failures.failed([str(error)], WebhookEvent.MAX_ATTEMPTS), took_ms=event.took_ms)
        return
    stored = keep_unknown(event.pk, elements, event.done, deadline)
    todo = [index for index in range(event.done, len(elements)) if index not in stored]
    turn = _Turn(event, elements, deadline, last=todo[-1] if todo else None)
    for index in todo:
        if index > todo[0] and (time.monotonic() > turn.deadline or turn.history_seconds > HISTORY_SECONDS):
            return turn.give_up(index)
        element = elements[index]
        if isinstance(element, Broken):
            event.failures.append(f"{element.where}: {element.reason}")
        else:
            turn.take(index, element)
        if index == len(elements) // 2:
            fault("P2")
    if turn.waits_from is not None:
        turn.give_up(turn.waits_from)
    elif event.failures:
        became = failures.outcome(event.failures, attempts=event.attempts, received_at=event.received_at)
        event.row.update(**became, elements=len(elements), took_ms=event.took_ms)
    elif not todo:
        Closing(event, len(elements)).write(None)


@dataclass
class _Turn:
    """One go at the elements of an event, up to number `last`. From number `waits_from` on, some wait for a lock."""

    event: Claimed
    elements: list[Element]
    deadline: float
    last: int | None
    waits_from: int | None = None
    failures_before: int = 0
    # How long history took: it is long, and nobody waits for it, so whoever writes now has their turn soon.
    history_seconds: float = 0.0

    def take(self, index: int, element: Element) -> None:
        """Handle one element, or note why that was not possible."""
        event = self.event
        if locked_people.must_wait(event.pk, element):
            return self._wait(index)
        last = index == self.last and not event.failures and self.waits_from is None
        began = time.monotonic()
        try:
            with patience(SECOND_SECONDS) if self.waits_from is not None else nullcontext():
                _handle(event, element, finish=len(self.elements) if last else None)
        except Exception as error:  # noqa: BLE001 - one element must not affect the others
            logger.warning("webhook %s, element %d: %r", event.pk, index, error)
            if trouble_of(error) is Trouble.BUSY:
                locked_people.held(event.pk, element)
                self.deadline += time.monotonic() - began
                return self._wait(index)
            business_numbers.forget()
            event.failures.append(f"{failures.FAILED} {index}: {type(error).__name__}: {error}")
            _link_person(event, element)
        if isinstance(element, PastMessages):
            self.history_seconds += time.monotonic() - began
        locked_people.handled(event.pk, element)

    def _wait(self, index: int) -> None:
        if self.waits_from is None:
            self.waits_from, self.failures_before = index, len(self.event.failures)

    def give_up(self, index: int) -> None:
        """Leave the elements from `index` on to the relay, or from the first that waits: repeating one does no harm."""
        if self.waits_from is None:
            return leave_to_relay(self.event, index)
        del self.event.failures[self.failures_before :]
        leave_to_relay(self.event, self.waits_from, pause=PAUSE_SECONDS)


def _handle(event: Claimed, element: Element, *, finish: int | None) -> None:
    """Handle one element. With `finish`, the number of elements, the event is finished in the same commit."""
    number = None
    if isinstance(element, NumberElement):
        number = business_numbers.number_of(element.phone_number_id, element.display_number)
    with transaction.atomic():
        customer_id, closing = None, Closing(event, finish)
        if isinstance(element, NumberElement) and number is not None:
            customer_id = handle(element, number, closing)
        elif isinstance(element, TemplateChange):
            apply_change(element)
        elif isinstance(element, AccountChange):
            apply_account_change(element, event.received_at)
        elif isinstance(element, AccountErrors):
            event.note_account_errors(element.texts)
        closing.write(customer_id)
        fault("W3")


def _link_person(event: Claimed, element: Element) -> None:
    """Link the person that a failed element is about, so that erasing them blanks this body, too."""
    if not isinstance(element, NumberElement):
        return
    try:
        with transaction.atomic():
            number = business_numbers.number_of(element.phone_number_id, element.display_number)
            Closing(event, None).write(customer_behind(element, number))
    except Error as error:  # the failure itself is recorded in any case
        logger.warning("webhook %s: %r", event.pk, error)


_OPEN = f"state <> '{WebhookState.DONE}'"
_WAITING = f"{_OPEN} AND attempts < {WebhookEvent.MAX_ATTEMPTS}"
_GIVEN_UP = f"{_OPEN} AND state = '{WebhookState.PENDING}' AND attempts >= {WebhookEvent.MAX_ATTEMPTS}"


class WebhookQueue:
    """The relay's source of webhooks that a request did not finish."""

    # One, so that a customer's messages are handled in the order they arrived.
    workers = 1

    def __init__(self) -> None:
        self._looked_at = -LOOK_SECONDS

    def settle(self, *, everything: bool) -> None:
        """Release claimed events that nobody can be working on, and give up events whose every attempt broke off.

        Those that wait for a message to change are looked at once a minute.
        """
        open_events = WebhookEvent.objects.exclude(state=WebhookState.DONE)
        if everything:
            open_events.filter(lease_until__isnull=False).update(lease_until=None, claim_token=None)
        if leases.free(WebhookEvent, _GIVEN_UP, 1):
            spent = open_events.filter(state=WebhookState.PENDING, attempts__gte=WebhookEvent.MAX_ATTEMPTS)
            _free(spent, timezone.now()).update(
                state=WebhookState.FAILED, error="Every attempt to handle this webhook broke off."
            )
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = time.monotonic()
            failures.look_again_at_changes()

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: handling an event again changes nothing, and nothing leaves by it."""
        return 0

    def claim(self, limit: int) -> list[Claimed]:
        due = _free(WebhookEvent.objects.exclude(state=WebhookState.DONE), timezone.now())
        return [_claimed(*found) for found in leases.claim_free(due, _WAITING, limit, seconds=LEASE_SECONDS)]

    def run(self, job: Claimed) -> None:
        fault("P1")
        with patience(LOCK_SECONDS):
            process(job, time.monotonic() + TURN_SECONDS)


def _claimed(event: WebhookEvent, token: uuid.UUID) -> Claimed:
    """Continue an event where it was left; a failed one starts again from its beginning."""
    claimed = Claimed(pk=event.pk, body=bytes(event.body), token=token, received_at=event.received_at)
    claimed.attempts = event.attempts
    if event.state == WebhookState.PENDING:
        claimed.done, claimed.failures = event.elements, event.error.splitlines()
    return claimed


def _free(events: "QuerySet[WebhookEvent]", now: datetime) -> "QuerySet[WebhookEvent]":
    return events.filter(Q(lease_until=None) | Q(lease_until__lt=now))
