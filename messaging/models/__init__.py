"""The chat: conversations, messages with their files and statuses, and the numbers they are held on."""

from messaging.models.attachments import (
    ATTACHMENTS,
    ORIGINALS,
    THUMBNAILS,
    Attachment,
    AttachmentQuerySet,
    AttachmentState,
)
from messaging.models.conversations import ChatState, Closing, Conversation, Receipt
from messaging.models.departures import DepartureCount
from messaging.models.hours import WorkingHours
from messaging.models.messages import (
    INBOUND_STATUSES,
    NOT_WAITED_FOR,
    RANK,
    SENT,
    UNTIL_CONVERTED,
    Direction,
    Held,
    Message,
    MessageQuerySet,
    Status,
)
from messaging.models.numbers import UNTIL_RESUMED, BusinessNumber, NumberHold, PauseKind
from messaging.models.routing import PendingRoute
from messaging.models.statuses import StatusUpdate

__all__ = [
    "ATTACHMENTS",
    "INBOUND_STATUSES",
    "NOT_WAITED_FOR",
    "ORIGINALS",
    "RANK",
    "SENT",
    "THUMBNAILS",
    "UNTIL_CONVERTED",
    "UNTIL_RESUMED",
    "Attachment",
    "AttachmentQuerySet",
    "AttachmentState",
    "BusinessNumber",
    "ChatState",
    "Closing",
    "Conversation",
    "DepartureCount",
    "Direction",
    "Held",
    "Message",
    "MessageQuerySet",
    "NumberHold",
    "PauseKind",
    "PendingRoute",
    "Receipt",
    "Status",
    "StatusUpdate",
    "WorkingHours",
]
