"""Sends queued messages. The row of a message is the job:

queued -> sending (claimed, and committed before any HTTP) -> sent, failed, uncertain, or queued again.

A message is claimed only when no earlier message of its customer is unfinished. A send without an answer is
`uncertain` and is never repeated by itself: a status from the provider settles it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from core.db import leases
from core.faults import fault
from core.throttles import Pace
from customers.actions.locking import lock, lock_customer_of
from customers.events import record
from customers.models import Customer, CustomerMerged, CustomerNotFound
from messaging.actions.number_pauses import halt, resume_with_new_access, throttle, throttle_over
from messaging.actions.reactions import withdraw_reaction
from messaging.actions.statuses import apply_waiting, settle_waiting
from messaging.channels import Halted, Rejected, Retry, Transport, Unknown, channels, transport_for
from messaging.models import Attachment, Message, Status
from messaging.relay.send_checks import still_allowed
from messaging.relay.turns import due
from messaging.serializers.messages import status_data

logger = logging.getLogger(__name__)

# Longer than the slowest send, which ends after 28 s (whatsapp/graph/bounds.py).
LEASE_SECONDS = 30
# Enough for a file of 100 MB over a slow line.
UPLOAD_LEASE_SECONDS = 600
# With pauses of 1, 2, 4, 8, 16 and 32 s in between.
MAX_ATTEMPTS = 7

_pace = Pace("sends")
# Related rows that a send needs.
_SENT_WITH = ("business_number", "customer", "reply_to", "attachment", "sender", "retried_by")

_ABANDONED = f"SELECT 1 FROM {Message._meta.db_table} WHERE status = '{Status.SENDING}' AND lease_until < %s"


class _LeaseLost(Exception):
    """The message may no longer be sent under this claim."""


@dataclass(frozen=True)
class Job:
    """A claimed message and the token that may finish it."""

    message_id: int
    customer_id: int
    token: UUID


class Outbox:
    """The relay's source of messages to send."""

    workers = 8

    def __init__(self) -> None:
        # Importing a channel takes a quarter of a second. If that was done after a claim, a crash meanwhile would make
        # every claimed message uncertain although none of them had been sent.
        channels()

    def settle(self, *, everything: bool) -> None:
        """Settle claimed messages whose lease has run out, apply statuses that waited, and resume numbers."""
        now = timezone.now()
        if everything or leases.any_row(_ABANDONED, now):
            claimed = Message.objects.filter(status=Status.SENDING)
            abandoned = claimed if everything else claimed.filter(lease_until__lt=now)
            for job in abandoned.values_list("pk", "customer_id", "claim_token"):
                _finish(Job(*job), _left_behind)
        settle_waiting()
        resume_with_new_access()

    def claim(self, limit: int) -> list[Job]:
        jobs = []
        for turn in due(limit):
            if not _pace.take(channels()[turn.transport].messages_per_second(), str(turn.number_id)):
                continue  # another turn: the provider would refuse it, and pause the number for longer
            # Plain conditions on the row itself: under READ COMMITTED a subquery would show the row as it was before
            # another relay's commit, and both could believe they have claimed it.
            candidate = Message.objects.filter(pk=turn.pk, status=Status.QUEUED, not_before__lte=timezone.now())
            try:
                token = leases.claim(
                    candidate, seconds=LEASE_SECONDS, status=Status.SENDING, attempts=F("attempts") + 1
                )
            except (OperationalError, InterfaceError) as error:
                # Messages that are already claimed must be sent now, or they will become uncertain.
                logger.error("database out of reach while claiming: %s", error)
                break
            if token is not None:
                jobs.append(Job(turn.pk, turn.customer_id, token))
        return jobs

    def run(self, job: Job) -> None:
        fault("O1")
        message = _held(job)
        if message is None:
            logger.warning("message %s: the lease was lost before it was sent", job.message_id)
            return
        try:
            still_allowed(message)
            transport = transport_for(message.business_number)
            file = file_of(message)
            if file is not None and not transport.has(file):
                _upload(job, message, transport, file)
            _not_too_late(message)
            wamid = transport.send(message, file)
            fault("O3")
        except Retry as outcome:
            _finish(job, _retried(outcome))
        except Rejected as outcome:
            _finish(job, _failed(outcome.code, outcome.title, outcome.detail, outcome.retryable))
        except Halted as outcome:
            _finish(job, _halted(outcome, transport.access))
        except _LeaseLost:
            logger.warning("message %s: the lease was lost before it was sent", job.message_id)
        except Unknown:
            _finish(job, _uncertain)
        except Exception:  # whatever failed, the request may have been sent
            logger.exception("message %s: the send failed unexpectedly", job.message_id)
            _finish(job, _uncertain)
        else:
            _finish(job, _sent(wamid))
        fault("O4")


def file_of(message: Message) -> Attachment | None:
    """The file of a message, if it has one."""
    attachment: Attachment | None = getattr(message, "attachment", None)
    return attachment


def _held(job: Job) -> Message | None:
    """The claimed message as it is now; None if its lease has run out, or the message was erased."""
    held = Message.objects.filter(pk=job.message_id, claim_token=job.token, lease_until__gt=timezone.now())
    return held.select_related(*_SENT_WITH).first()


def _not_too_late(message: Message) -> None:
    """Raise _LeaseLost if the process was suspended for longer than the lease: the message is uncertain by now."""
    if message.lease_until is None or message.lease_until <= timezone.now():
        raise _LeaseLost


def _upload(job: Job, message: Message, transport: Transport, file: Attachment) -> None:
    """Upload the file under a lease that is long enough. Whatever happens, the message has not been sent."""
    Attachment.objects.filter(pk=file.pk).update(provider_id="", provider_until=None)
    _extend(job, message, UPLOAD_LEASE_SECONDS)
    try:
        transport.upload(message, file)
    except (Retry, Rejected, Halted):
        raise
    except Exception as error:
        logger.exception("message %s: its file could not be uploaded", message.pk)
        raise Retry(code="upload", title="The file could not be uploaded", detail=type(error).__name__)
    fault("O1U")
    _extend(job, message, LEASE_SECONDS)


def _extend(job: Job, message: Message, seconds: int) -> None:
    message.lease_until = timezone.now() + timedelta(seconds=seconds)
    held = Message.objects.filter(pk=job.message_id, status=Status.SENDING, claim_token=job.token)
    if held.update(lease_until=message.lease_until) != 1:
        raise _LeaseLost


@transaction.atomic
def _finish(job: Job, change: Callable[[Message], None]) -> None:
    """Apply the outcome of a send, unless the claim is no longer ours."""
    held = Message.objects.filter(pk=job.message_id, claim_token=job.token).select_related("business_number")
    try:
        customer = _lock_customer(job)
        message = held.first()
        if message is not None and message.customer_id != customer.pk:
            # Moved with the undoing of a merge that the lock waited for.
            customer, message = lock_customer_of(Message.objects.filter(pk=job.message_id)), held.first()
    except CustomerNotFound:
        logger.warning("message %s: its customer was erased before its send ended", job.message_id)
        return
    if message is None:
        logger.warning("message %s: the lease was lost before its send ended", job.message_id)
        return
    before = message.status
    change(message)
    message.save()
    if message.status not in (before, Status.QUEUED):
        record(customer, "message_status", status_data(message))
        if message.status == Status.FAILED:
            withdraw_reaction(customer, message)
    if message.wamid is not None:
        apply_waiting(customer, message)


def _lock_customer(job: Job) -> Customer:
    """Lock the customer of a message, also one who was merged into another customer since. Raises CustomerNotFound."""
    try:
        return lock(job.customer_id)
    except CustomerMerged:
        return lock_customer_of(Message.objects.filter(pk=job.message_id))


def _sent(wamid: str) -> Callable[[Message], None]:
    def change(message: Message) -> None:
        if message.status == Status.FAILED and message.wamid != wamid:
            # The failure was that of an earlier attempt without an answer; this one was accepted.
            message.status, message.error, message.wamid = Status.SENDING, None, wamid
        message.wamid = message.wamid or wamid
        message.sent_at = message.sent_at or timezone.now()
        if message.may_become(Status.SENT):
            message.status = Status.SENT
        message.claim_token = message.lease_until = None
        throttle_over(message.business_number_id)

    return change


def _uncertain(message: Message) -> None:
    """The token stays, so that a late answer can still settle the message."""
    if message.may_become(Status.UNCERTAIN):
        message.status = Status.UNCERTAIN
    message.lease_until = None


def _left_behind(message: Message) -> None:
    """The worker of a claimed message is gone. If its file was not uploaded, the message cannot have been sent."""
    file = file_of(message)
    if file is not None and not file.provider_id:
        _queued_again(message, timedelta(0))
    else:
        _uncertain(message)


def _failed(code: int | str, title: str, detail: str, retryable: bool) -> Callable[[Message], None]:
    def change(message: Message) -> None:
        message.claim_token = message.lease_until = None
        if message.may_become(Status.FAILED):
            message.status = Status.FAILED
            message.error = {"code": code, "title": title, "detail": detail, "retryable": retryable}

    return change


def _queued_again(message: Message, pause: timedelta) -> None:
    message.claim_token = message.lease_until = None
    if message.status == Status.SENDING:
        message.status = Status.QUEUED
        message.not_before = timezone.now() + pause


def _retried(outcome: Retry) -> Callable[[Message], None]:
    def change(message: Message) -> None:
        if outcome.scope == "number":
            throttle(message.business_number, outcome)
            message.attempts -= 1
            _queued_again(message, timedelta(0))
        elif message.attempts >= (outcome.tries or MAX_ATTEMPTS):
            _failed(outcome.code, outcome.title, outcome.detail, retryable=True)(message)
        else:
            pause = leases.backoff(message.attempts)
            if outcome.after is not None:
                pause = max(pause, timedelta(seconds=outcome.after))
            _queued_again(message, pause)

    return change


def _halted(outcome: Halted, access: str) -> Callable[[Message], None]:
    def change(message: Message) -> None:
        halt(message.business_number, outcome.reason, access)
        message.attempts -= 1
        _queued_again(message, timedelta(0))

    return change
