"""Sends queued messages. The row of a message is the job:

queued -> sending (claimed, and committed before any HTTP) -> sent, failed, uncertain, or queued again.

A message is claimed only when no earlier message of its customer is unfinished. A send without an answer is
`uncertain` and is never repeated by itself: a status from the provider settles it. Whatever fails before the request
leaves puts the message back (docs/decisions/018-nothing-in-doubt.md).
"""

import logging
import time
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from core.db import leases
from core.db.failures import passing_busy
from core.db.patience import patience
from core.faults import fault
from core.throttles import Pace
from messaging.actions.doubting import doubt_unfinished
from messaging.actions.number_holds import end_holds
from messaging.actions.number_pauses import begin_probe, end_probe, resume_with_new_access
from messaging.actions.statuses import settle_waiting
from messaging.channels import NotSent, Outcome, Transport, channels, preparing, transport_for
from messaging.models import Attachment, Message, Status
from messaging.relay import unwritten
from messaging.relay.claims import LEASE_SECONDS, claim_batch
from messaging.relay.departures import DatabaseRestored, advance, note
from messaging.relay.outcomes import file_of, finish
from messaging.relay.results import (
    DATABASE_AWAY,
    Job,
    Result,
    accepted,
    left_behind,
    not_begun,
    result_of,
    unknown,
)
from messaging.relay.send_checks import still_allowed
from messaging.relay.turns import due
from messaging.relay.uploads import upload

logger = logging.getLogger(__name__)

# Enough for a file of 100 MB over a slow line.
UPLOAD_LEASE_SECONDS = 600
# After the database was away, claims of others are left alone for so long: their relays have outcomes to store, and
# try it every two seconds.
CALM_SECONDS = 10.0
# A claim of this relay's own is not given up for so long after its lease: its thread will say how the send ended.
OWN_CLAIM_GRACE = timedelta(seconds=60)
# How long settling waits for a customer whom somebody else holds.
SETTLE_LOCK_SECONDS = 0.1

_pace = Pace("sends")
# Related rows that a send needs.
_SENT_WITH = ("business_number", "customer", "reply_to", "attachment", "sender", "retried_by")

_ABANDONED = f"SELECT 1 FROM {Message._meta.db_table} WHERE status = '{Status.SENDING}' AND lease_until < %s"


class _LeaseLost(NotSent):
    """The message may no longer be sent under this claim."""


class Outbox:
    """The relay's source of messages to send."""

    workers = 8

    def __init__(self) -> None:
        # Importing a channel takes a quarter of a second. If that was done after a claim, a crash meanwhile would make
        # every claimed message uncertain although none of them had been sent.
        channels()
        # The claims that are being worked on here.
        self._claims: set[uuid.UUID] = set()
        self._settled_at: float | None = None
        self._disturbed_at = -CALM_SECONDS

    def settle(self, *, everything: bool) -> None:
        """Settle claimed messages whose lease has run out, apply statuses that waited, and resume numbers."""
        began, before = time.monotonic(), self._settled_at
        if before is not None and began - before > CALM_SECONDS:
            self._disturbed_at = began  # the database let us wait, or it was away
        self._settled_at = began
        try:
            if everything or began - self._disturbed_at >= CALM_SECONDS:
                self._settle_abandoned(everything)
            settle_waiting()
            resume_with_new_access()
            end_holds()
        except DATABASE_AWAY:
            self._disturbed_at = time.monotonic()
            raise

    def _settle_abandoned(self, everything: bool) -> None:
        now = timezone.now()
        if not everything and not leases.any_row(_ABANDONED, now):
            return
        claimed = Message.objects.filter(status=Status.SENDING)
        abandoned = claimed if everything else claimed.filter(lease_until__lt=now)
        rows = abandoned.values_list("pk", "customer_id", "claim_token", "lease_until")
        for pk, customer_id, token, lease_until in list(rows):
            own = token in self._claims and lease_until > now - OWN_CLAIM_GRACE
            if own or unwritten.is_kept(token):
                continue
            try:
                # Somebody who is held must not keep the other jobs of the relay waiting: this is tried again.
                with passing_busy(f"message {pk}"), patience(SETTLE_LOCK_SECONDS):
                    finish(Job(pk, customer_id, token), left_behind())
            except DATABASE_AWAY as error:
                logger.error("message %s: it could not be settled: %s", pk, error)
                self._disturbed_at = time.monotonic()

    def after_restore(self, *, before: datetime) -> int:
        """Make messages uncertain that may have been sent after the backup was made."""
        return doubt_unfinished(before=before)

    def claim(self, limit: int) -> list[Job]:
        """Claim a batch, all of it or nothing. Raises DatabaseRestored: then nothing of it is sent."""
        jobs = {}
        for turn in due(limit):
            if not _pace.take(channels()[turn.transport].messages_per_second(), str(turn.number_id)):
                continue  # another turn: the provider would refuse it, and pause the number for longer
            if turn.probe and not begin_probe(turn.number_id):
                continue  # another relay tries whether the provider can be reached
            jobs[turn.pk] = Job(turn.pk, turn.customer_id, uuid.uuid4(), turn.number_id if turn.probe else None)
        if not jobs:
            return []
        try:
            claimed = claim_batch({pk: job.token for pk, job in jobs.items()})
        except Exception as error:  # whether they are claimed is not known, or they may not be sent
            logger.error("%d messages: the claim was not answered: %r", len(jobs), error)
            self._disturbed_at = time.monotonic()
            for job in jobs.values():
                unwritten.doubt(job, not_begun())
            if isinstance(error, DatabaseRestored):
                raise
            return []
        for job in jobs.values():
            if job.probe is not None and job.message_id not in claimed:
                end_probe(job.probe)
        self._claims.update(jobs[pk].token for pk in claimed)
        return [job for pk, job in jobs.items() if pk in claimed]

    def run(self, job: Job) -> None:
        fault("O1")
        try:
            result, transport = _send(job)
            unwritten.conclude(job, result, learn=transport.learn if transport is not None else None)
        finally:
            self._claims.discard(job.token)
        fault("O4")


def _send(job: Job) -> tuple[Result, Transport | None]:
    """Send a message. Returns how that ended, and the transport if it got as far as having one. Never raises."""
    transport: Transport | None = None
    try:
        with preparing():
            message = _held(job)
            still_allowed(message)
            transport = transport_for(message.business_number)
            file = file_of(message)
            if file is not None and not transport.has(file):
                _upload(job, message, transport, file)
            _not_too_late(message)
        wamid = transport.send(message, file)
        fault("O3")
        return accepted(wamid), transport
    except Outcome as outcome:
        if isinstance(outcome, NotSent):
            logger.warning("message %s: it was not sent: %r", job.message_id, outcome.__cause__ or outcome)
        return result_of(outcome, transport.access if transport is not None else ""), transport
    except Exception:  # whatever failed, the request may have been sent
        logger.exception("message %s: the send failed unexpectedly", job.message_id)
        return unknown(), transport


def _held(job: Job) -> Message:
    """The claimed message as it is now. Raises _LeaseLost if its lease has run out, or the message was erased."""
    held = Message.objects.filter(pk=job.message_id, claim_token=job.token, lease_until__gt=timezone.now())
    message: Message | None = held.select_related(*_SENT_WITH).first()
    if message is None:
        raise _LeaseLost
    return message


def _not_too_late(message: Message) -> None:
    """Raise _LeaseLost if the process was suspended for longer than the lease: the message may be uncertain by now."""
    if message.lease_until is None or message.lease_until <= timezone.now():
        raise _LeaseLost


def _upload(job: Job, message: Message, transport: Transport, file: Attachment) -> None:
    """Upload the file under a lease that is long enough. Whatever happens, the message has not been sent."""
    upload(message, transport, file, extend=lambda: _extend(job, message, UPLOAD_LEASE_SECONDS))
    fault("O1U")
    with transaction.atomic():
        _extend(job, message, LEASE_SECONDS)
        departure = advance()  # until now, a worker that takes over would have sent it
    note(*departure)


def _extend(job: Job, message: Message, seconds: int) -> None:
    message.lease_until = timezone.now() + timedelta(seconds=seconds)
    held = Message.objects.filter(pk=job.message_id, status=Status.SENDING, claim_token=job.token)
    if held.update(lease_until=message.lease_until) != 1:
        raise _LeaseLost
