"""What a webhook body is made of, once it is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.channels import Inbound


@dataclass(frozen=True)
class Sender:
    """Who wrote: `wa_id` is the phone in WhatsApp's digits, `user_id` the business-scoped id. One may be missing."""

    wa_id: str | None
    user_id: str | None
    name: str = ""
    username: str = ""

    @property
    def address(self) -> str:
        """What is kept of where a message came from."""
        return self.wa_id or self.user_id or ""


@dataclass(frozen=True)
class OfNumber:
    """Something that happened on one of our numbers, by Meta's id of it."""

    phone_number_id: str
    display_number: str


@dataclass(frozen=True)
class IncomingMessage(OfNumber):
    """A message of a customer; `referral` is the advertisement they pressed before."""

    sender: Sender
    inbound: Inbound
    referral: dict[str, Any] | None = None


@dataclass(frozen=True)
class Echo(OfNumber):
    """A message that somebody sent to a customer from the phone app that shares our number."""

    recipient: Sender
    inbound: Inbound


@dataclass(frozen=True)
class Reaction(OfNumber):
    """An emoji put on the message `target`; an empty one takes it away. `by` None is ourselves, on the phone app."""

    target: str
    by: Sender | None
    emoji: str
    at: datetime


@dataclass(frozen=True)
class Edit(OfNumber):
    """New words for the message `target`; `wamid` is the edit's own. `by` None is ourselves, on the phone app."""

    target: str
    by: Sender | None
    wamid: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Revoke(OfNumber):
    """The message `target` was taken back by who wrote it. `by` None is ourselves, on the phone app."""

    target: str
    by: Sender | None
    at: datetime


@dataclass(frozen=True)
class Notice(OfNumber):
    """WhatsApp itself says something about a customer, perhaps that `old` is now to be reached at `new`."""

    old: Sender
    new: Sender | None
    inbound: Inbound


@dataclass(frozen=True)
class Preference(OfNumber):
    """A customer wants no marketing from this number, or wants it again."""

    sender: Sender
    accepts: bool
    at: datetime


@dataclass(frozen=True)
class StatusReport(OfNumber):
    recipient: Sender | None
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


Element = OfNumber | TemplateChange | Ignored | Broken
