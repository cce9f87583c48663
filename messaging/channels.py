"""Channels: what a provider's app must offer, and all that it must (setting CHANNELS).

A second channel is one app that implements `Channel`, and one line in the settings. What comes in goes through
messaging/actions/receiving.py and messaging/actions/statuses.py; a provider's error codes stay in its app.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

from core.ports import mapped_ports
from messaging.errors import ChannelNotSetUp

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
    """A file that the provider keeps for us, for some time after the message was written."""

    provider_id: str
    kept_for: timedelta
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


@dataclass(frozen=True)
class Fetched:
    """A file as it came from the provider. `mime_type` is empty where the provider does not say it."""

    content: IO[bytes]
    size: int
    mime_type: str
    sha256: str


class FileUnavailable(Exception):
    """A file that could not be fetched now, and perhaps can be later. `str()` tells the desk why."""


class FileRefused(Exception):
    """A file that can never be fetched. `str()` tells the desk why."""


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

    # For how long after a customer wrote they may be answered freely, and after that by a template alone; None where
    # they may be written to at any time.
    service_window: timedelta | None

    def messages_per_second(self) -> int:
        """How many messages one of its numbers may send a second; 0 is as many as there are."""
        ...

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

    def fetch(self, attachment: "Attachment", into: IO[bytes]) -> Fetched:
        """Write the file of a message that came in into `into`.

        Called outside any transaction; it has four minutes. Raises FileRefused and
        FileUnavailable.
        """
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
    """The channel of a business number. Raises ChannelNotSetUp for one that CHANNELS names no longer."""
    try:
        return channels()[number.transport]
    except KeyError:
        raise ChannelNotSetUp(str(number)) from None


def home_channel() -> Channel:
    """The channel on which customers are written to who never wrote: the first in CHANNELS."""
    return next(iter(channels().values()))


def transport_for(number: "BusinessNumber") -> Transport:
    """The way out of a business number. Raises ChannelNotSetUp."""
    return channel_of(number).transport(number)


def window_expires_at(transport: str, last_inbound_at: datetime | None) -> datetime | None:
    """When the service window of a chat on such a number closes, or closed.

    None when the customer never wrote, and where there is no window.
    """
    channel = channels().get(transport)
    if channel is None or channel.service_window is None or last_inbound_at is None:
        return None
    return last_inbound_at + channel.service_window
