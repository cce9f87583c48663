"""What somebody wants to send, and what the provider's app makes of it (port MESSAGE_COMPOSERS)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customers.models import Customer
    from messaging.models import BusinessNumber, Message


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
