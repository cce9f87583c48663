"""What a message shows of the one it answers, and of who wrote either."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from django.db.models import F
from django.db.models.functions import Left

from accounts.models.users import full_name
from core.shapes import Ref

if TYPE_CHECKING:
    from messaging.models import Message

PREVIEW_LENGTH = 100

_COLUMNS = {
    "answered_customer": "customer_id",
    "answered_direction": "direction",
    "answered_type": "type",
    "answered_deleted_at": "deleted_at",
    "answered_sender_id": "sender_id",
    "answered_sender__first_name": "sender__first_name",
    "answered_sender__last_name": "sender__last_name",
    "answered_sender__username": "sender__username",
}


def answered_columns(prefix: str = "") -> dict[str, Any]:
    """What `preview` reads of the answered message, whose columns are found at `prefix`. For `.values()`."""
    columns: dict[str, Any] = {name: F(f"{prefix}{column}") for name, column in _COLUMNS.items()}
    # Cut in the database: a preview does not need all of a message with 4,096 characters.
    return {**columns, "answered_text": Left(f"{prefix}text", PREVIEW_LENGTH)}


def answered_values(message: "Message | None") -> dict[str, Any]:
    """`answered_columns` of an answered message that was loaded with its sender."""
    if message is None:
        return {}
    sender = message.sender
    return {
        "answered_customer": message.customer_id,
        "answered_direction": message.direction,
        "answered_type": message.type,
        "answered_deleted_at": message.deleted_at,
        "answered_text": message.text[:PREVIEW_LENGTH],
        "answered_sender_id": sender and sender.pk,
        "answered_sender__first_name": sender and sender.first_name,
        "answered_sender__last_name": sender and sender.last_name,
        "answered_sender__username": sender and sender.username,
    }


class MessagePreview(TypedDict):
    """A message that another one answers, in brief."""

    id: int
    direction: Literal["inbound", "outbound"]
    type: str
    text: Annotated[str, f"the first {PREVIEW_LENGTH} characters"]
    sender: Ref | None


def preview(row: dict[str, Any]) -> MessagePreview | None:
    """The answered message in brief, as JSON values. None if it is not in the same chat: others may not see it."""
    if row.get("reply_to_id") is None or row["answered_customer"] != row["customer_id"]:
        return None
    return {
        "id": row["reply_to_id"],
        "direction": row["answered_direction"],
        "type": row["answered_type"],
        "text": row["answered_text"] if row["answered_deleted_at"] is None else "",
        "sender": sender_in(row, "answered_sender"),
    }


def sender_in(row: dict[str, Any], name: str = "sender") -> Ref | None:
    """Who sent a message, as `accounts.serializers.user_ref`, from the columns of a row."""
    pk = row.get(f"{name}_id")
    if pk is None:
        return None
    names = (row[f"{name}__{part}"] for part in ("first_name", "last_name", "username"))
    return {"id": pk, "name": full_name(*names)}
