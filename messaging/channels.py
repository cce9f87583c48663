"""Channels: everything that a provider's app must offer.

A channel is an app that implements `Channel`, and one line in the setting CHANNELS. It passes on what it receives by
calling messaging/actions/receiving.py and messaging/actions/statuses.py. A provider's error codes stay in its app.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from core.files.conversion.wanted import Wanted
from core.ports import mapped_ports
from messaging.errors import ChannelNotSetUp
from messaging.shown import Shown

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from customers.models import Customer
    from messaging.models import Attachment, BusinessNumber, Message


@dataclass(frozen=True)
class Draft:
    """A message that a user wants to send. Without `type` the file says what it is; without a file it is text."""

    customer: "Customer"
    number: "BusinessNumber"
    type: str
    text: str = ""
    payload: dict[str, Any] | None = None
    template: dict[str, Any] | None = None
    file: "UploadedFile[bytes] | None" = None
    reply_to: "Message | None" = None


@dataclass(frozen=True)
class Content:
    """A message that the provider accepts: `text` is what people read, `payload` what is sent, `shown` a template."""

    type: str
    text: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    mime_type: str = ""
    converts: bool = False  # its file has to become another one first (`Channel.file_wanted`)
    shown: Shown | None = None


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
    """A message that came in, as the channel read it.

    `payload` is what the provider sent under the name of the type, `address` the sender's address at the provider.
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
    """A file that was fetched. `mime_type` is empty if the provider does not say it."""

    content: IO[bytes]
    size: int
    mime_type: str
    sha256: str


class Reach(NamedTuple):
    """What a channel knows of whether a customer can be written to: by their chat's number, and anywhere at all.

    `accepts_marketing` is what they said last of marketing messages, and `marketing_since` when; None: nothing.
    """

    number_sends: bool
    has_address: bool
    accepts_marketing: bool | None = None
    marketing_since: datetime | None = None


class FileUnavailable(Exception):
    """A file that could not be fetched now, but perhaps later. `str()` tells the desk why."""


class FileRefused(Exception):
    """A file that can never be fetched. `str()` tells the desk why."""


class Transport(Protocol):
    """Sends from one business number."""

    # Identifies the access token without revealing it: a halted number is resumed when it has another one.
    access: str

    def has(self, file: "Attachment") -> bool:
        """Whether the provider has the file already, so that it need not be uploaded."""

    def upload(self, message: "Message", file: "Attachment") -> None:
        """Upload the file of a message before the message is sent. Raises Retry, Rejected or Halted."""

    def show_read(self, wamid: str, *, typing: bool) -> None:
        """Show the customer that their messages up to `wamid` were read and, with `typing`, that someone is typing.

        May raise anything: it is tried again a few times, then dropped.
        """

    def send(self, message: "Message", file: "Attachment | None" = None) -> str:
        """Send `message`, with its uploaded file, and return the provider's id of it.

        Called outside any transaction. Raises one of the outcomes below; any other exception counts as Unknown. So
        what comes before the request belongs into `with preparing():`.
        """

    def learn(self) -> None:
        """Take in what else the answer to `send` said. Called once, when the outcome is written down; may raise."""


class Channel(Protocol):
    """A provider with all of its business numbers. Its name in CHANNELS is their `transport`."""

    # How long a customer can be written to freely after they wrote; later, only templates can be sent. None where they
    # can be written to at any time.
    service_window: timedelta | None

    def messages_per_second(self) -> int:
        """How many messages one of its numbers may send in a second; 0 for no limit."""

    def transport(self, number: "BusinessNumber") -> Transport:
        """What sends from one of its numbers."""

    def home_number(self) -> "BusinessNumber":
        """The number that writes to customers who have never written."""

    def compose(self, draft: Draft) -> Content:
        """Check a draft and return what is to be sent. Raises ValidationError by field, and NumberCannotSend."""

    def file_wanted(self, mime_type: str) -> Wanted:
        """What a file of this type, that it does not take as it is, has to become."""

    def recheck(self, message: "Message") -> None:
        """Check again a message that was queued some time ago. Raises as `compose` does."""

    def reach_columns(self) -> dict[str, Any]:
        """What `reach` reads of many customers in one statement: expressions on customers, under names of its own."""

    def reach(self, row: Mapping[str, Any]) -> Reach:
        """Whether a customer can be written to, from a row of the desk (messaging/desk/rows.py)."""

    def marketing_of(self, customer_ids: Collection[int]) -> "Mapping[int, tuple[bool, datetime]]":
        """What these customers said last of marketing messages, and when, by id; without those who said nothing."""

    def fetch(self, attachment: "Attachment", into: IO[bytes]) -> Fetched:
        """Fetch the file of an inbound message and write it into `into`, within four minutes.

        Called outside any transaction. Raises FileRefused, FileUnavailable, and Halted if the access of the number is
        refused.
        """

    def senders_proved(self, customer: "Customer") -> bool:
        """Whether everyone who wrote as this customer on this channel is proved to be them."""

    def phone_belongs_to_other(self, *, phone: str, customer_id: int | None) -> bool:
        """Whether somebody else than this customer (None: a new one) is known to write from `phone`."""

    def customers_writing_as(self, customer: "Customer") -> set[int]:
        """The ids of other customers who have an address of this customer's, or one that is their phone."""

    def send_phone_code(self, *, phone: str, code: str) -> None:
        """Send a code that proves a phone, and store it nowhere.

        Called outside any transaction. Raises one of the outcomes below, or a database error while nothing has left;
        any other exception counts as Unknown.
        """


class Outcome(Exception):
    """A send that did not succeed."""


class Retry(Outcome):
    """Not accepted, but another try may succeed.

    `scope` says what waits: this `message` and the customer's later ones, everything to the `customer`, or the whole
    `number` (throttling, which does not count as a try). `after` is in seconds, None if the provider did not say.
    `tries` is the most tries that make sense, if fewer than usual. `number_pauses` is for how many seconds the number
    sends nothing although this counts as a try of the message. `kind` says why a number waits.
    """

    def __init__(
        self,
        after: float | None = None,
        scope: Literal["message", "customer", "number"] = "message",
        code: int | str = "temporary",
        title: str = "Temporary failure",
        detail: str = "",
        tries: int | None = None,
        number_pauses: float | None = None,
        kind: Literal["throttled", "paused"] = "throttled",
    ) -> None:
        super().__init__(f"{code}: {title}")
        self.after, self.scope, self.tries = after, scope, tries
        self.number_pauses, self.kind = number_pauses, kind
        self.code, self.title, self.detail = code, title, detail


class Unreachable(Retry):
    """Nothing can have left, because there is no connection: no address, nobody answers, no TLS.

    The number pauses until one message got through, and no try is spent.
    """

    def __init__(self, title: str, detail: str = "") -> None:
        super().__init__(code="unreachable", title=title, detail=detail)


class Rejected(Outcome):
    """Refused. Nothing is tried again by itself; `retryable` says whether a user can usefully try again later."""

    def __init__(self, code: int | str, title: str, detail: str = "", retryable: bool = False) -> None:
        super().__init__(f"{code}: {title}")
        self.code, self.title, self.detail, self.retryable = code, title, detail, retryable


class Halted(Outcome):
    """The number cannot send at all (token, policy): its messages stay queued until an admin acts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(Outcome):
    """Nothing has left, for a reason of our own (`__cause__`): the database was away, or something is broken."""


class Unknown(Outcome):
    """The request may have arrived, but there was no answer that could be read. Never sent again by itself."""


@contextmanager
def preparing() -> Iterator[None]:
    """Where nothing has left yet: whatever is raised here that is no Outcome becomes NotSent."""
    try:
        yield
    except Outcome:
        raise
    except Exception as error:
        raise NotSent from error


def channels() -> dict[str, Channel]:
    """Every channel by its name. The first call imports them, which takes a quarter of a second each."""
    return mapped_ports("CHANNELS")


def channel_of(number: "BusinessNumber") -> Channel:
    """The channel of a business number. Raises ChannelNotSetUp if CHANNELS no longer has it."""
    try:
        return channels()[number.transport]
    except KeyError:
        raise ChannelNotSetUp(str(number)) from None


def home_channel() -> Channel:
    """The channel for customers who have never written: the first in CHANNELS."""
    return next(iter(channels().values()))


def transport_for(number: "BusinessNumber") -> Transport:
    """What sends from a business number. Raises ChannelNotSetUp."""
    return channel_of(number).transport(number)


def window_expires_at(transport: str, last_inbound_at: datetime | None) -> datetime | None:
    """When the service window of a chat on this channel closes, or closed. None if there is none: nobody wrote, say."""
    channel = channels().get(transport)
    if channel is None or channel.service_window is None or last_inbound_at is None:
        return None
    return last_inbound_at + channel.service_window
