"""What the outcome of a send changes: the message, its customer's log, and sometimes the number."""

import logging
import math
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from core.db import leases
from customers.actions.locking import lock, lock_customer_of
from customers.events import record
from customers.models import Customer, CustomerMerged, CustomerNotFound
from messaging.actions.answering import answered_at, end_waiting, note_owner
from messaging.actions.failures import log_failure
from messaging.actions.number_pauses import end_probe, halt, pause, reached, throttle, throttle_over, unreachable
from messaging.actions.queueing import tell_next
from messaging.actions.reactions import withdraw_reaction
from messaging.actions.statuses import apply_waiting
from messaging.channels import Retry
from messaging.models import Attachment, BusinessNumber, Message, PauseKind, Status
from messaging.relay.results import Job, Result
from messaging.serializers.messages import status_data

logger = logging.getLogger(__name__)

# With pauses of 1, 2, 4, 8, 16 and 32 s in between.
MAX_ATTEMPTS = 7
# For how many seconds a provider can make one message wait, between all its tries, before it is failed. Later ones of
# the chat wait too.
LONGEST_WAIT = 15 * 60
# Before a message whose send never began is claimed again, so that whatever is wrong is not asked in a circle.
PUT_BACK_SECONDS = 1.0


@transaction.atomic
def finish(job: Job, result: Result) -> bool:
    """Apply the outcome of a send; return False if the claim is no longer ours, and nothing is left to say.

    Doing it twice changes nothing more. What the provider has reported meanwhile is never overwritten. Raises
    DATABASE_AWAY.
    """
    held = Message.objects.filter(pk=job.message_id, claim_token=job.token).select_related("business_number")
    try:
        customer = _lock_customer(job)
        message = held.first()
        if message is not None and message.customer_id != customer.pk:
            # Moved with the undoing of a merge that the lock waited for.
            customer, message = lock_customer_of(Message.objects.filter(pk=job.message_id)), held.first()
    except CustomerNotFound:
        logger.warning("message %s: its customer was erased before its send ended", job.message_id)
        return False
    if message is None:
        if job.probe is not None and result.kind == "not_begun":
            end_probe(job.probe)
        return False
    before, answered_before = message.status, answered_at(message)
    if job.probe is not None or result.kind == "sent":
        _probed(job, message.business_number, result)
    _CHANGES[result.kind](message, result)
    if result.kind == "unreachable":
        reason = f"{result.facts['title']} ({result.facts['detail']})"
        unreachable(message.business_number, reason, probe=job.probe is not None)
    note_owner(customer, message, before=answered_before)
    message.save()
    end_waiting(customer, message, before=answered_before)
    _tell(customer, message, result, job, before=before)
    if message.wamid is not None:
        apply_waiting(customer, message)
    if message.status not in (Status.QUEUED, Status.SENDING):
        tell_next(customer)
    return True


def _tell(customer: Customer, message: Message, result: Result, job: Job, *, before: str) -> None:
    """Record what became of a message."""
    if message.status == Status.QUEUED:
        _tell_why_it_waits(customer, message, result, job)
    elif message.status != before:
        record(customer, "message_status", status_data(message))
        if message.status == Status.FAILED:
            log_failure(message.pk, message.error)
            withdraw_reaction(customer, message)


def _tell_why_it_waits(customer: Customer, message: Message, result: Result, job: Job) -> None:
    """Record why a message is queued again, if that is news: not that its provider is still out of reach."""
    if result.kind in ("not_begun", "left_behind") or (result.kind == "unreachable" and job.probe is not None):
        return
    data = status_data(message)
    if data["waiting"] is not None:
        record(customer, "message_status", data)


def _probed(job: Job, number: BusinessNumber, result: Result) -> None:
    """What a send says about whether the provider can be reached."""
    if number.pause_kind != PauseKind.UNREACHABLE or result.kind == "unreachable":
        return
    if result.kind in ("not_begun", "left_behind"):
        end_probe(number.pk)  # it says nothing about the provider
    else:
        reached(number)


def _lock_customer(job: Job) -> Customer:
    """Lock the customer of a message, also one who was merged into another customer since. Raises CustomerNotFound."""
    try:
        return lock(job.customer_id)
    except CustomerMerged:
        return lock_customer_of(Message.objects.filter(pk=job.message_id))


def file_of(message: Message) -> Attachment | None:
    """The file of a message, if it has one."""
    attachment: Attachment | None = getattr(message, "attachment", None)
    return attachment


def _sent(message: Message, result: Result) -> None:
    wamid = result.facts["wamid"]
    if message.status == Status.FAILED and message.wamid != wamid:
        # The failure was that of an earlier attempt without an answer; this one was accepted.
        message.status, message.error, message.wamid = Status.SENDING, None, wamid
    message.wamid = message.wamid or wamid
    message.sent_at = message.sent_at or result.at
    if message.may_become(Status.SENT):
        message.status = Status.SENT
    message.claim_token = message.lease_until = None
    throttle_over(message.business_number_id)


def _uncertain(message: Message, result: Result) -> None:
    """The token stays, so that a late answer can still settle the message."""
    if message.may_become(Status.UNCERTAIN):
        message.status = Status.UNCERTAIN
    message.lease_until = None


def _left_behind(message: Message, result: Result) -> None:
    """If its file was not uploaded, the message cannot have been sent."""
    file = file_of(message)
    if file is not None and not file.provider_id:
        _queued_again(message, timedelta(0))
    else:
        _uncertain(message, result)


def _not_begun(message: Message, result: Result) -> None:
    message.attempts = max(message.attempts - 1, 0)
    _queued_again(message, timedelta(seconds=PUT_BACK_SECONDS))


def _rejected(message: Message, result: Result) -> None:
    message.claim_token = message.lease_until = None
    if message.may_become(Status.FAILED):
        message.status = Status.FAILED
        message.error = {name: result.facts[name] for name in ("code", "title", "detail", "retryable")}


def _queued_again(message: Message, pause: timedelta) -> None:
    """Put a message back into the queue. One that counts as uncertain by now, or that the provider knows, stays."""
    if message.status == Status.UNCERTAIN:
        _not_taken(message)
        return
    message.claim_token = message.lease_until = None
    if message.status == Status.SENDING:
        message.status = Status.QUEUED
        message.not_before = timezone.now() + pause


def _not_taken(message: Message) -> None:
    """The message was not sent, as we learn after its lease: later ones of the chat may have gone out, so a person
    decides whether it still should.
    """
    error = {"code": "not_sent", "title": "The message was not sent", "detail": "Send it again.", "retryable": True}
    _rejected(message, Result("rejected", error))


def _retried(message: Message, result: Result) -> None:
    facts = result.facts
    outcome = Retry(**facts)
    if outcome.number_pauses:
        pause(message.business_number, outcome.number_pauses, f"{outcome.title} ({outcome.code})")
    if outcome.scope == "number":
        throttle(message.business_number, outcome)
        message.attempts -= 1
        _queued_again(message, timedelta(0))
    elif message.attempts >= (outcome.tries or MAX_ATTEMPTS) or _waited_long(message):
        _rejected(message, Result("rejected", {**facts, "retryable": True}))
    else:
        _queued_again(message, _pause_of(message, outcome))


def _waited_long(message: Message) -> bool:
    return (message.retry_seconds or 0) >= LONGEST_WAIT


def _pause_of(message: Message, outcome: Retry) -> timedelta:
    """How long a message waits for its next try: as long as the provider says, and LONGEST_WAIT for all its tries."""
    waited = message.retry_seconds or 0
    seconds = max(leases.backoff(message.attempts).total_seconds(), outcome.after or 0.0)
    seconds = min(seconds, LONGEST_WAIT - waited)
    message.retry_seconds = waited + math.ceil(seconds)
    return timedelta(seconds=seconds)


def _unreachable(message: Message, result: Result) -> None:
    message.attempts -= 1
    _queued_again(message, timedelta(0))


def _halted(message: Message, result: Result) -> None:
    halt(message.business_number, result.facts["reason"], result.facts["access"])
    message.attempts -= 1
    _queued_again(message, timedelta(0))


_CHANGES: dict[str, Callable[[Message, Result], None]] = {
    "sent": _sent,
    "unknown": _uncertain,
    "left_behind": _left_behind,
    "not_begun": _not_begun,
    "rejected": _rejected,
    "retry": _retried,
    "halted": _halted,
    "unreachable": _unreachable,
}
