"""The elements of a webhook body, as the parser returns them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.channels import Inbound


@dataclass(frozen=True)
class Person:
    """Somebody on WhatsApp, by phone number in digits (`wa_id`), business-scoped id (`user_id`), or both."""

    wa_id: str | None
    user_id: str | None
    name: str = ""
    username: str = ""

    @property
    def address(self) -> str:
        """The id that is stored as the address of a message."""
        return self.wa_id or self.user_id or ""


@dataclass(frozen=True)
class NumberElement:
    """Something that happened on one of our numbers, which Meta calls `phone_number_id`."""

    phone_number_id: str
    display_number: str


@dataclass(frozen=True)
class IncomingMessage(NumberElement):
    """A message from a customer; `referral` is the advertisement they tapped before writing."""

    sender: Person
    inbound: Inbound
    referral: dict[str, Any] | None = None


@dataclass(frozen=True)
class Echo(NumberElement):
    """A message to a customer that was sent from the phone app that shares our number."""

    recipient: Person
    inbound: Inbound


@dataclass(frozen=True)
class Reaction(NumberElement):
    """An emoji on the message `target`; an empty one removes it. `by` is None if we did it in the phone app."""

    target: str
    by: Person | None
    emoji: str
    at: datetime


@dataclass(frozen=True)
class Edit(NumberElement):
    """A new text for the message `target`; `wamid` is that of the edit. `by` is None if we did it in the phone app."""

    target: str
    by: Person | None
    wamid: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Revoke(NumberElement):
    """The message `target` was deleted by its author. `by` is None if we did it in the phone app."""

    target: str
    by: Person | None
    at: datetime


@dataclass(frozen=True)
class Notice(NumberElement):
    """A notice from WhatsApp about a customer, perhaps that `old` can now be reached at `new`."""

    old: Person
    new: Person | None
    inbound: Inbound


@dataclass(frozen=True)
class Preference(NumberElement):
    """A customer stopped marketing messages from this number, or allowed them again."""

    sender: Person
    accepts: bool
    at: datetime


@dataclass(frozen=True)
class StatusReport(NumberElement):
    """What became of a message we sent. `message_key` is the id sent along with it, which finds it without a wamid."""

    recipient: Person | None
    wamid: str
    status: str
    at: datetime
    message_key: str
    error: dict[str, Any] | None
    pricing: dict[str, Any] | None


@dataclass(frozen=True)
class TemplateChange:
    """A change of a template: new values of its fields, and new contents of its components by their type."""

    waba_id: str
    name: str
    language: str
    changes: dict[str, str]
    texts: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Ignored:
    """An element with which there is nothing to do; `what` says why."""

    what: str


@dataclass(frozen=True)
class Broken:
    """A malformed element, with its place in the body. Trying again would not help."""

    where: str
    reason: str


Element = NumberElement | TemplateChange | Ignored | Broken
