"""What the outcome of a send changes: the message, its customer's log, and sometimes the number.

A `Result` is an outcome as JSON, so that it can be kept until the database takes it (messaging/relay/unwritten.py).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, InternalError, OperationalError, transaction
from django.utils import timezone

from core.db import leases
from core.safe_json import storable
from customers.actions.locking import lock, lock_customer_of
from customers.events import record
from customers.models import Customer, CustomerMerged, CustomerNotFound
from messaging.actions.number_pauses import halt, throttle, throttle_over
from messaging.actions.reactions import withdraw_reaction
from messaging.actions.statuses import apply_waiting
from messaging.channels import Halted, NotSent, Outcome, Rejected, Retry
from messaging.models import Attachment, Message, Status
from messaging.serializers.messages import status_data

logger = logging.getLogger(__name__)

# What the database raises when it is away, restarts, has no free connection or lets nobody pass. Nothing is wrong with
# what was asked of it.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)

# With pauses of 1, 2, 4, 8, 16 and 32 s in between.
MAX_ATTEMPTS = 7
# Before a message whose send never began is claimed again, so that whatever is wrong is not asked in a circle.
PUT_BACK_SECONDS = 1.0
# The longest text of an error that is kept.
LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Job:
    """A claimed message and the token that may finish it."""

    message_id: int
    customer_id: int
    token: UUID

    def as_json(self) -> dict[str, Any]:
        return {"message": self.message_id, "customer": self.customer_id, "token": str(self.token)}

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Job":
        return cls(int(said["message"]), int(said["customer"]), UUID(said["token"]))


@dataclass(frozen=True)
class Result:
    """How a send ended. `facts` are JSON values that depend on the `kind`."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=timezone.now)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "facts": self.facts, "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Result":
        """Raises KeyError, TypeError and ValueError for anything that is no result."""
        if said["kind"] not in _CHANGES:
            raise ValueError(f"{said['kind']!r} is no kind of result")
        return cls(said["kind"], dict(said["facts"]), datetime.fromisoformat(said["at"]))


def accepted(wamid: str) -> Result:
    """The provider took the message, under this id."""
    return Result("sent", {"wamid": wamid})


def not_begun() -> Result:
    """Nothing left, for a reason that is not the message's: it goes back to its place in the queue."""
    return Result("not_begun")


def unknown() -> Result:
    """The request left, and its answer never came or could not be read."""
    return Result("unknown")


def left_behind() -> Result:
    """The worker of a claimed message is gone and has left no outcome."""
    return Result("left_behind")


def result_of(outcome: Outcome, access: str) -> Result:
    """What an outcome means that is not a success. `access` is what the number sent with."""
    if isinstance(outcome, Retry):
        facts = {"after": outcome.after, "scope": outcome.scope, "tries": outcome.tries}
        return Result("retry", {**facts, **_words(outcome.code, outcome.title, outcome.detail)})
    if isinstance(outcome, Rejected):
        words = _words(outcome.code, outcome.title, outcome.detail)
        return Result("rejected", {**words, "retryable": outcome.retryable})
    if isinstance(outcome, Halted):
        return Result("halted", {"reason": _clean(outcome.reason), "access": access})
    if isinstance(outcome, NotSent):
        cause = outcome.__cause__
        if cause is None or isinstance(cause, DATABASE_AWAY):
            return not_begun()
        title = "The message could not be prepared"
        return result_of(Retry(code="internal", title=title, detail=type(cause).__name__), access)
    return unknown()


def _words(code: int | str, title: str, detail: str) -> dict[str, Any]:
    return {"code": code, "title": _clean(title), "detail": _clean(detail)}


def _clean(text: str) -> str:
    """Text that every database stores: one that does not would leave the message without its outcome."""
    return storable(str(text))[:LONGEST_TEXT]


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
        return False
    before = message.status
    _CHANGES[result.kind](message, result)
    message.save()
    if message.status not in (before, Status.QUEUED):
        record(customer, "message_status", status_data(message))
        if message.status == Status.FAILED:
            withdraw_reaction(customer, message)
    if message.wamid is not None:
        apply_waiting(customer, message)
    return True


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
    outcome = Retry(facts["after"], facts["scope"], facts["code"], facts["title"], facts["detail"], facts["tries"])
    if outcome.scope == "number":
        throttle(message.business_number, outcome)
        message.attempts -= 1
        _queued_again(message, timedelta(0))
    elif message.attempts >= (outcome.tries or MAX_ATTEMPTS):
        _rejected(message, Result("rejected", {**facts, "retryable": True}))
    else:
        pause = leases.backoff(message.attempts)
        if outcome.after is not None:
            pause = max(pause, timedelta(seconds=outcome.after))
        _queued_again(message, pause)


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
}
