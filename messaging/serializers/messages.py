"""Messages as JSON: in REST, in events and on sockets, the same shapes."""

from functools import cache
from typing import Any

from django.db.models.fields.files import FieldFile
from django.utils.functional import cached_property
from rest_framework import serializers

from core.files.links import Links, links_for
from core.pagination import KeysetQuery
from core.timestamps import iso
from customers.events import Frame
from messaging.models import Attachment, AttachmentState, Direction, Message, MessageQuerySet, Status, StatusUpdate
from messaging.serializers.answered import PREVIEW_LENGTH, answered_columns, answered_values, preview, sender_in
from messaging.serializers.waiting import CODES, Waiting, waiting_of, with_waiting

# The columns of `message_data`. Rows come from `.values()`, which takes a third of the time of model instances.
MESSAGE_COLUMNS = (
    "id",
    "customer_id",
    "direction",
    "type",
    "text",
    "payload",
    "reply_to_id",
    "reactions",
    "status",
    "error",
    "wamid",
    "client_id",
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
    "attachment__state",
    "attachment__mime_type",
    "attachment__size",
    "attachment__file_name",
    "attachment__width",
    "attachment__height",
    "attachment__file",
    "attachment__thumbnail",
    "attachment__error",
)


# Types of recorded frames whose data is a message.
_WITH_MESSAGE = frozenset({"chat_message", "message_updated"})


@cache
def shown_messages() -> MessageQuerySet:
    """All messages with MESSAGE_COLUMNS and what they answer; filter and order it as any queryset.

    Cached, because selecting thirty columns of three tables takes Django as long as fetching a page of them.
    """
    messages: MessageQuerySet = Message.objects.values(*MESSAGE_COLUMNS, **answered_columns("reply_to__"))
    return messages


# One chat, newest message first, as screens ask for it most: compiled once.
CHAT = KeysetQuery(lambda customer: shown_messages().filter(customer_id=customer).bubbles())


def message_data(row: dict[str, Any]) -> dict[str, Any]:
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
        "reply_to": get("reply_to_id"),
        "reply_to_preview": preview(row),
        # Ours also hold the message they were sent as and the user who reacted, so that they can be taken back.
        "reactions": [
            {key: reaction.get(key) for key in ("emoji", "from", "at")}
            for reaction in get("reactions") or []
            if reaction["emoji"]
        ],
        "status": row["status"],
        "error": get("error"),
        # Put there by `with_waiting`; a row without it is not held back.
        "waiting": get("waiting"),
        "wamid": get("wamid"),
        "client_id": get("client_id"),
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


def media_data(row: dict[str, Any]) -> dict[str, Any] | None:
    """The file of a message as it is recorded, with stored names where `with_links` puts URLs."""
    get = row.get
    if not get("attachment__state"):
        return None
    return {
        "state": row["attachment__state"],
        "mime_type": row["attachment__mime_type"],
        "size": get("attachment__size"),
        "file_name": row["attachment__file_name"],
        "width": get("attachment__width"),
        "height": get("attachment__height"),
        "file": get("attachment__file") or None,
        "thumbnail": get("attachment__thumbnail") or None,
        "error": get("attachment__error") or None,
    }


def with_links(data: dict[str, Any], links: Links) -> dict[str, Any]:
    """`message_data` as the user of `links` sees it, with URLs for its file. Without a file, `data` itself."""
    media = data.get("media")
    if media is None:
        return data
    shown = {key: value for key, value in media.items() if key not in ("file", "thumbnail")}
    file, thumbnail = media["file"], media["thumbnail"]
    shown["url"] = links.to(file) if file else None
    shown["thumbnail_url"] = links.to(thumbnail) if thumbnail else None
    return {**data, "media": shown}


def message_row(message_id: int) -> dict[str, Any]:
    """`message_data` of one message, from the database. Raises Message.DoesNotExist."""
    return message_data(*with_waiting([shown_messages().get(pk=message_id)]))


def new_message_row(message: Message, file: Attachment | None, waiting: Waiting | None) -> dict[str, Any]:
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
    data = with_links(frame["data"], links)
    return frame if data is frame["data"] else {**frame, "data": data}


class _Ref(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()

    class Meta:
        ref_name = "Sender"


class _Error(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    retryable = serializers.BooleanField()

    class Meta:
        ref_name = "MessageError"


class _Waiting(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=CODES, help_text="`behind`: an earlier message of the chat is unfinished")
    title = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="null where nobody knows")

    class Meta:
        ref_name = "MessageWaiting"


class _Media(serializers.Serializer[Any]):
    url = serializers.CharField(
        allow_null=True, help_text="works for a few minutes and for you alone; null until the file is ready"
    )
    thumbnail_url = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=AttachmentState.choices)
    mime_type = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)
    file_name = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_null=True, help_text="why fetching the file failed, or has failed so far")

    class Meta:
        ref_name = "Media"


class _Preview(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    direction = serializers.ChoiceField(choices=Direction.choices)
    type = serializers.CharField()
    text = serializers.CharField(help_text=f"the first {PREVIEW_LENGTH} characters")
    sender = _Ref(allow_null=True)

    class Meta:
        ref_name = "MessagePreview"


class MessageSerializer(serializers.Serializer[Any]):
    """Shows rows of MESSAGE_COLUMNS. The fields are declared for the API's documentation."""

    id = serializers.IntegerField()
    customer = serializers.IntegerField()
    direction = serializers.ChoiceField(choices=Direction.choices)
    type = serializers.CharField()
    text = serializers.CharField()
    media = _Media(allow_null=True)
    payload = serializers.DictField()
    reply_to = serializers.IntegerField(allow_null=True, help_text="the id of a message")
    reply_to_preview = _Preview(allow_null=True, help_text="the message that this one answers, in brief")
    reactions = serializers.ListField(child=serializers.DictField())
    status = serializers.ChoiceField(choices=Status.choices)
    error = _Error(allow_null=True)
    waiting = _Waiting(allow_null=True, help_text="why a `queued` message is held back; null if it is not")
    wamid = serializers.CharField(allow_null=True)
    client_id = serializers.CharField(allow_null=True)
    sender = _Ref(allow_null=True)
    business_number = serializers.IntegerField(help_text="the id of our number that it came to, or was sent from")
    created_at = serializers.DateTimeField()
    ordered_at = serializers.DateTimeField(help_text="its place in the chat: sort by it, then by `id`")
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    edited_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        ref_name = "Message"

    def to_representation(self, row: dict[str, Any]) -> dict[str, Any]:
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


class ReadSerializer(serializers.Serializer[Any]):
    """How many messages of a chat are unread."""

    customer = serializers.IntegerField()
    unread_count = serializers.IntegerField()
