"""What a webhook body is made of, once it is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.channels import Inbound


@dataclass(frozen=True)
class Person:
    """Somebody on WhatsApp. `wa_id` is the phone number in digits, `user_id` the business-scoped id; one may be missing."""

    wa_id: str | None
    user_id: str | None
    name: str = ""
    username: str = ""

    @property
    def address(self) -> str:
        """What is kept of where a message came from."""
        return self.wa_id or self.user_id or ""


@dataclass(frozen=True)
class NumberElement:
    """Something that happened on one of our numbers, by Meta's id of it."""

    phone_number_id: str
    display_number: str


@dataclass(frozen=True)
class IncomingMessage(NumberElement):
    """A message of a customer; `referral` is the advertisement they pressed before."""

    sender: Person
    inbound: Inbound
    referral: dict[str, Any] | None = None


@dataclass(frozen=True)
class Echo(NumberElement):
    """A message that somebody sent to a customer from the phone app that shares our number."""

    recipient: Person
    inbound: Inbound


@dataclass(frozen=True)
class Reaction(NumberElement):
    """An emoji put on the message `target`; an empty one takes it away. `by` None is ourselves, on the phone app."""

    target: str
    by: Person | None
    emoji: str
    at: datetime


@dataclass(frozen=True)
class Edit(NumberElement):
    """New words for the message `target`; `wamid` is the edit's own. `by` None is ourselves, on the phone app."""

    target: str
    by: Person | None
    wamid: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Revoke(NumberElement):
    """The message `target` was taken back by who wrote it. `by` None is ourselves, on the phone app."""

    target: str
    by: Person | None
    at: datetime


@dataclass(frozen=True)
class Notice(NumberElement):
    """WhatsApp itself says something about a customer, perhaps that `old` is now to be reached at `new`."""

    old: Person
    new: Person | None
    inbound: Inbound


@dataclass(frozen=True)
class Preference(NumberElement):
    """A customer wants no marketing from this number, or wants it again."""

    sender: Person
    accepts: bool
    at: datetime


@dataclass(frozen=True)
class StatusReport(NumberElement):
    recipient: Person | None
    wamid: str
    status: str
    at: datetime
    message_key: str
    error: dict[str, Any] | None
    pricing: dict[str, Any] | None


@dataclass(frozen=True)
class TemplateChange:
    """Meta says something of a template: new values of its fields, or of its parts by their type."""

    waba_id: str
    name: str
    language: str
    changes: dict[str, str]
    texts: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Ignored:
    """Understood as far as that nothing is to be done."""

    what: str


@dataclass(frozen=True)
class Broken:
    """An element that cannot be what it claims to be. Trying again would not help."""

    where: str
    reason: str


Element = NumberElement | TemplateChange | Ignored | Broken
