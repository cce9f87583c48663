"""How a send ended, as JSON values: it can be kept until the database takes it (messaging/relay/unwritten.py)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, InternalError, OperationalError
from django.utils import timezone

from core.safe_json import storable
from messaging.channels import Halted, NotSent, Outcome, Rejected, Retry, Unreachable

# What the database raises when it is away, restarts, has no free connection or lets nobody pass. Nothing is wrong with
# what was asked of it.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)

# The longest text of an error that is kept.
LONGEST_TEXT = 1000
KINDS = ("sent", "unknown", "left_behind", "not_begun", "rejected", "retry", "halted", "unreachable")


@dataclass(frozen=True)
class Job:
    """A claimed message and the token that may finish it."""

    message_id: int
    customer_id: int
    token: UUID
    # The number for which it tries whether the provider can be reached (number_pauses.begin_probe).
    probe: int | None = None

    def as_json(self) -> dict[str, Any]:
        said = {"message": self.message_id, "customer": self.customer_id, "token": str(self.token)}
        return {**said, "probe": self.probe}

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Job":
        return cls(int(said["message"]), int(said["customer"]), UUID(said["token"]), said.get("probe"))


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
        if said["kind"] not in KINDS:
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
    if isinstance(outcome, Unreachable):
        return Result("unreachable", _words(outcome.code, outcome.title, outcome.detail))
    if isinstance(outcome, Retry):
        facts = {name: getattr(outcome, name) for name in ("after", "scope", "tries", "number_pauses", "kind")}
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
