"""What a provider tells of a chat that it did not happen in: messages from before, and those that others dealt with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from messaging.channels import Inbound

# The `handled_by` of messages of a chat that the provider's agent has.
AGENT = "agent"
# The type of a message whose file the provider sends later.
PLACEHOLDER = "media_placeholder"


@dataclass(frozen=True)
class PastMessage:
    """A message from before. `status` is what had become of one of ours."""

    inbound: Inbound
    direction: Literal["inbound", "outbound"]
    status: Literal["sent", "delivered", "read", "played", "failed"]
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class PastReaction:
    """An emoji on the message `target`, from the address `by`; None: from us."""

    target: str
    by: str | None
    emoji: str
    at: datetime
