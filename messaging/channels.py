"""Channels: what a provider's app must offer, and all that it must (setting CHANNELS).

A second channel is one app that implements `Channel`, and one line in the settings. What comes in goes through
messaging/actions/receiving.py and messaging/actions/statuses.py; a provider's error codes stay in its app.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from core.ports import mapped_ports

if TYPE_CHECKING:
    from customers.models import Customer
    from messaging.models import Attachment, BusinessNumber, Message


@dataclass(frozen=True)
class Draft:
    """A message as it was asked for. `type` is empty where the file says it, or the text."""

    customer: "Customer"
    number: "BusinessNumber"
    type: str
    text: str = ""
    payload: dict[str, Any] | None = None
    template: dict[str, Any] | None = None
    file: Any = None
    reply_to: "Message | None" = None


@dataclass(frozen=True)
class Content:
    """A message the provider takes: `text` is what people read of it, `payload` what is sent."""

    type: str
    text: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    mime_type: str = ""


@dataclass(frozen=True)
class Media:
    """A file that the provider keeps for us."""

    provider_id: str
    mime_type: str = ""
    file_name: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Inbound:
    """A message as a provider's parser read it.

    `payload` is what stood under the type's name, `address` where the provider says it came from.
    """

    wamid: str
    type: str
    text: str
    at: datetime
    payload: dict[str, Any] = field(default_factory=dict)
    reply_to_wamid: str | None = None
    address: str | None = None
    media: Media | None = None


class Transport(Protocol):
    """One business number's way out."""

    # Names what it sends with without telling it: a halted number is resumed when this is another one.
    access: str

    def has(self, file: "Attachment") -> bool:
        """Whether the provider has the file already, so that nothing is to be uploaded."""
        ...

    def upload(self, message: "Message", file: "Attachment") -> None:
        """Hand over the file of a message, before the message. Raises Retry, Rejected or Halted."""
        ...

    def show_read(self, wamid: str, *, typing: bool) -> None:
        """Tell the customer that what they wrote up to `wamid` was read, perhaps that somebody types. May raise."""
        ...

    def send(self, message: "Message", file: "Attachment | None" = None) -> str:
        """Hand `message`, with its uploaded file, to the provider and return the provider's id for it.

        Called outside any transaction. Raises one of the outcomes below, and nothing else that it can help:
        any other exception counts as Unknown.
        """
        ...


class Channel(Protocol):
    """A provider, for all of its business numbers. Named in CHANNELS as their `transport` is."""

    def transport(self, number: "BusinessNumber") -> Transport:
        """The way out of one of its numbers."""
        ...

    def home_number(self) -> "BusinessNumber":
        """The number from which a customer is written to who never wrote."""
        ...

    def compose(self, draft: Draft) -> Content:
        """What goes out for a draft. Raises ValidationError by field, and NumberCannotSend: nothing is queued then."""
        ...

    def recheck(self, message: "Message") -> None:
        """Ask again whether a message may go that was queued a while ago. Raises as `compose` does."""
        ...

    def senders_proved(self, customer: "Customer") -> bool:
        """Whether everybody who wrote as the customer on this channel is proved to be them."""
        ...

    def send_phone_code(self, *, phone: str, code: str) -> None:
        """Send a code that proves a phone, and keep it nowhere. Raises customers.errors.CodeNotSent."""
        ...


class Outcome(Exception):
    """A send that did not simply succeed."""


class Retry(Outcome):
    """Not taken, and another try may succeed.

    `scope` says what waits: this `message` and its customer's later ones, all to the `customer`, or the
    whole `number` (throttling, which costs the message no try). `after` is in seconds, None if the
    provider did not say. `tries` bounds them where fewer than usual make sense.
    """

    def __init__(
        self,
        after: float | None = None,
        scope: Literal["message", "customer", "number"] = "message",
        code: int | str = "temporary",
        title: str = "Temporary failure",
        detail: str = "",
        tries: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {title}")
        self.after, self.scope, self.tries = after, scope, tries
        self.code, self.title, self.detail = code, title, detail


class Rejected(Outcome):
    """Refused for good; `retryable` says whether a person may usefully try again later."""

    def __init__(self, code: int | str, title: str, detail: str = "", retryable: bool = False) -> None:
        super().__init__(f"{code}: {title}")
        self.code, self.title, self.detail, self.retryable = code, title, detail, retryable


class Halted(Outcome):
    """The number cannot send at all (token, policy): its messages stay queued until somebody acts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unknown(Outcome):
    """The request may have arrived, the answer did not or cannot be read. Never resent by itself."""


def channels() -> dict[str, Channel]:
    """Every channel by its name. Importing one takes a quarter of a second, the first time."""
    return mapped_ports("CHANNELS")


def channel_of(number: "BusinessNumber") -> Channel:
    """The channel of a business number."""
    return channels()[number.transport]


def home_channel() -> Channel:
    """The channel on which customers are written to who never wrote: the first in CHANNELS."""
    return next(iter(channels().values()))


def transport_for(number: "BusinessNumber") -> Transport:
    """The way out of a business number."""
    return channel_of(number).transport(number)
