"""Messages as JSON: in REST, in events and on sockets, the same shapes."""

from functools import cache
from typing import Annotated, Any, TypedDict, cast

from django.db.models.fields.files import FieldFile
from django.utils.functional import cached_property
from rest_framework import serializers

from core.files.links import Links, links_for
from core.keysets import KeysetQuery
from core.shapes import FreeObject, OneOf, Ref, Time
from core.timestamps import iso
from customers.events import Frame
from customers.visibility import DeskQuery
from messaging.models import (
    Attachment,
    Direction,
    Held,
    Message,
    MessageQuerySet,
    Status,
    StatusUpdate,
)
from messaging.past import AGENT
from messaging.serializers.answered import (
    MessagePreview,
    answered_columns,
    answered_values,
    preview,
    sender_in,
)
from messaging.serializers.media import MEDIA_COLUMNS, Media, RecordedFile, media_data, shown_media
from messaging.serializers.waiting import Waiting, waiting_of, with_waiting
from messaging.shown import Shown

# The columns of `message_data`. Rows come from `.values()`, which takes a third of the time of model instances.
MESSAGE_COLUMNS = (
    "id",
    "customer_id",
    "direction",
    "type",
    "text",
    "payload",
    "shown",
    "reply_to_id",
    "reactions",
    "handled_by",
    "status",
    "error",
    "held",
    "wamid",
    "client_id",
    "automatic",
    "sender_id",
    "sender__first_name",
    "sender__last_name",
    "sender__username",
    "created_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "edited_at",
    "deleted_at",
    "ordered_at",
    "business_number_id",
    *(f"attachment__{name}" for name in MEDIA_COLUMNS),
)


class MessageError(TypedDict):
    """Why a message was not sent."""

    code: Annotated[int | str, "a number is Meta's code, a word is ours, such as `not_sent`"]
    title: str
    detail: str
    retryable: Annotated[bool, "whether sending it again can help"]


Reaction = TypedDict("Reaction", {"emoji": str, "from": Annotated[str, "who reacted"], "at": Time})
Reaction.__doc__ = """A reaction to a message."""


class _Message(TypedDict):
    id: int
    customer: int
    direction: Annotated[str, Direction]
    type: Annotated[str, "text, image ...: Meta's names, to which it adds new ones"]
    text: str
    payload: Annotated[FreeObject, "what the provider sent under the name of the type"]
    shown: Annotated[Shown | None, "a template that was sent, as the customer sees it; null for everything else"]
    reply_to: Annotated[int | None, "the id of a message"]
    reply_to_preview: Annotated[MessagePreview | None, "the message that this one answers, in brief"]
    reactions: list[Reaction]
    handled_by: Annotated[str | None, OneOf((AGENT,)), "`agent`: Meta's Business Agent has the chat; null: the desk"]
    status: Annotated[str, Status]
    error: MessageError | None
    held: Annotated[str | None, Held, "why WhatsApp does not deliver it yet; null unless it is `sent`"]
    waiting: Annotated[Waiting | None, "why a `queued` message is held back; null if it is not"]
    wamid: str | None
    client_id: str | None
    automatic: bool
    sender: Ref | None
    business_number: Annotated[int, "the id of our number that it came to, or was sent from"]
    created_at: Time
    ordered_at: Annotated[Time, "its place in the chat: sort by it, then by `id`"]
    sent_at: Time | None
    delivered_at: Time | None
    read_at: Time | None
    edited_at: Time | None
    deleted_at: Time | None


class RecordedMessage(_Message):
    """A message as it is recorded in events."""

    media: RecordedFile | None


class MessageRow(_Message):
    """A message of a chat."""

    media: Media | None


# Types of recorded frames whose data is a message.
_WITH_MESSAGE = frozenset({"chat_message", "message_updated"})


@cache
def shown_messages() -> MessageQuerySet:
    """All messages with MESSAGE_COLUMNS and what they answer; filter and order it as any queryset.

    Cached, because selecting thirty columns of three tables takes Django as long as fetching a page of them.
    """
    messages: MessageQuerySet = Message.objects.values(*MESSAGE_COLUMNS, **answered_columns("reply_to__"))
    return messages


# One chat, newest message first, as screens ask for it most: compiled once. The second is empty unless `user`
# may see the customer.
CHAT = KeysetQuery(lambda customer: shown_messages().filter(customer_id=customer).bubbles())
SHOWN_CHAT = KeysetQuery(
    lambda user, customer: shown_messages().filter(customer_id=customer).bubbles().visible_to(user), kind=DeskQuery
)


def message_data(row: dict[str, Any]) -> RecordedMessage:
    """Turn a row of MESSAGE_COLUMNS into JSON values; columns that are missing count as empty."""
    get = row.get
    deleted = get("deleted_at") is not None
    return {
        "id": row["id"],
        "customer": row["customer_id"],
        "direction": row["direction"],
        "type": row["type"],
        # A message that was deleted keeps its content, which is not shown.
        "text": "" if deleted else row["text"],
        "media": None if deleted else media_data(row),
        "payload": {} if deleted else row["payload"],
        "shown": None if deleted else get("shown"),
        "reply_to": get("reply_to_id"),
        "reply_to_preview": preview(row),
        "reactions": _reactions(get("reactions")),
        "handled_by": get("handled_by"),
        "status": row["status"],
        "error": get("error"),
        "held": get("held") if row["status"] == Status.SENT else None,
        # Put there by `with_waiting`; a row without it is not held back.
        "waiting": get("waiting"),
        "wamid": get("wamid"),
        "client_id": get("client_id"),
        "automatic": bool(get("automatic")),
        "sender": sender_in(row),
        "business_number": row["business_number_id"],
        "created_at": iso(row["created_at"]),
        "ordered_at": iso(row["ordered_at"]),
        "sent_at": iso(get("sent_at")),
        "delivered_at": iso(get("delivered_at")),
        "read_at": iso(get("read_at")),
        "edited_at": iso(get("edited_at")),
        "deleted_at": iso(get("deleted_at")),
    }


def _reactions(stored: Any) -> list[Reaction]:
    """Ours also hold the message they were sent as and the user who reacted, so that they can be taken back."""
    return [
        {"emoji": reaction["emoji"], "from": reaction.get("from"), "at": reaction.get("at")}
        for reaction in stored or []
        if reaction["emoji"]
    ]


def with_links(data: RecordedMessage, links: Links) -> MessageRow:
    """`message_data` as the user of `links` sees it, with URLs for its file. Without a file, `data` itself."""
    media = data.get("media")
    if media is None:
        return cast(MessageRow, data)
    return {**data, "media": shown_media(media, links)}


def message_row(message_id: int) -> RecordedMessage:
    """`message_data` of one message, from the database. Raises Message.DoesNotExist."""
    return message_data(*with_waiting([shown_messages().get(pk=message_id)]))


def new_message_row(message: Message, file: Attachment | None, waiting: Waiting | None) -> RecordedMessage:
    """`message_row` of a message that was just stored, from memory. What it answers was loaded with its sender."""
    known: dict[str, Any] = {"sender": message.sender, "attachment": file}
    row: dict[str, Any] = {"waiting": waiting}
    for column in MESSAGE_COLUMNS:
        of, _, name = column.rpartition("__")
        # A stored file is shown by its name.
        value = getattr(known[of] if of else message, name or column, None)
        row[column] = value.name if isinstance(value, FieldFile) else value
    return message_data(row | answered_values(message.reply_to))


def status_data(message: Message) -> dict[str, Any]:
    """The data of a `message_status` event: what changes with the ticks. What is saved counts."""
    return {
        "id": message.pk,
        "status": str(message.status),
        "error": message.error,
        "held": message.held if message.status == Status.SENT else None,
        "waiting": waiting_of([message.pk]).get(message.pk) if message.status == Status.QUEUED else None,
        "wamid": message.wamid,
        "sent_at": iso(message.sent_at),
        "delivered_at": iso(message.delivered_at),
        "read_at": iso(message.read_at),
    }


def render_frame(frame: Frame, links: Links) -> Frame:
    """Add the URLs of files, which recorded frames leave out because every user has their own.

    Returns the same frame, not a copy, when there is nothing to add.
    """
    if frame["type"] not in _WITH_MESSAGE:
        return frame
    data = with_links(cast(RecordedMessage, frame["data"]), links)
    return frame if data is frame["data"] else {**frame, "data": data}


class MessageSerializer(serializers.BaseSerializer[Any]):
    """Shows rows of MESSAGE_COLUMNS to the user of the request in its context."""

    def to_representation(self, row: dict[str, Any]) -> MessageRow:
        return with_links(message_data(row), self._links)

    @cached_property
    def _links(self) -> Links:
        return links_for(self.context["request"])


class StatusSerializer(serializers.ModelSerializer[StatusUpdate]):
    """A status that WhatsApp reported for a message."""

    class Meta:
        model = StatusUpdate
        fields = ["status", "at", "received_at", "error", "pricing"]
        ref_name = "MessageStatus"
