"""What carries a message out. Each provider's app has one; its error codes stay there."""

from typing import TYPE_CHECKING, Literal, Protocol

from django.conf import settings

from core.ports import named_port

if TYPE_CHECKING:
    from messaging.models import Attachment, BusinessNumber, Message


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

    def send_code(self, phone: str, code: str, *, in_window: bool) -> None:
        """Send a code that proves a phone, and keep it nowhere. `in_window`: free text may be sent there now.

        Raises an Outcome that does not say the code.
        """
        ...

    def send(self, message: "Message", file: "Attachment | None" = None) -> str:
        """Hand `message`, with its uploaded file, to the provider and return the provider's id for it.

        Called outside any transaction. Raises one of the outcomes below, and nothing else that it can help:
        any other exception counts as Unknown.
        """
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


def load_transports() -> None:
    """Import every transport of the setting MESSAGE_TRANSPORTS."""
    for name in settings.MESSAGE_TRANSPORTS:
        named_port("MESSAGE_TRANSPORTS", name)


def transport_for(number: "BusinessNumber") -> Transport:
    """Return the transport of a business number (setting MESSAGE_TRANSPORTS)."""
    transport: Transport = named_port("MESSAGE_TRANSPORTS", number.transport)(number)
    return transport
