"""The chat with a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from datetime import datetime
from typing import Any

from core.db.words import forget_words
from core.timestamps import iso
from customers.events import record
from customers.keepers import Excused, Given, Keeper, Merged, Moved, rows_of
from customers.models import NO_MESSAGE_YET, Customer, Merge
from messaging.actions.answering import look_who_waits
from messaging.models import Attachment, ChatState, Conversation, Direction, Message, Status
from messaging.serializers.chat_states import state_data

# The customer's own row says the same.
_COPIES = ("owner_id", "merged_into")
# How the queue works says nothing about a person, and the words of a text nothing that is not in the text.
_HIDDEN = ("lease_until", "claim_token", "attempts", "not_before", "words")
# Where answers go, and whether they may be written freely: it belongs to whoever wrote last.
_LAST_WRITER = ("last_inbound_at", "last_address", "business_number_id")
# When the customer got an away message, and the wait that the desk was told takes too long.
_TOLD = ("away_told_at", "overdue_since")


# What customers get of a message when they export themselves: what both sides said, and nothing of who at the desk did.
_MESSAGE = (
    "id",
    "direction",
    "type",
    "text",
    "payload",
    "reply_to_id",
    "reactions",
    "status",
    "created_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "edited_at",
    "deleted_at",
)
_REACTION = ("emoji", "from", "at")


class Messages(Keeper):
    """Messages and their files."""

    def data(self, customer: Customer) -> Any:
        """All columns except those of the queue and of the search."""
        return rows_of(self.rows(customer), *_HIDDEN)

    def their_data(self, customer: Customer) -> Any:
        """Reactions of the desk do not say whose they are."""
        messages: list[dict[str, Any]] = super().their_data(customer)
        for message in messages:
            message["reactions"] = [
                {key: value for key, value in reaction.items() if key in _REACTION} for reaction in message["reactions"]
            ]
        return messages

    def erase(self, customer: Customer) -> None:
        """The words go from the index, too."""
        forget_words(self.rows(customer))

    def files(self, customer: Customer) -> dict[str, str]:
        """The attachments stored here, and the originals of those that were converted to be sent."""
        attachments = Attachment.objects.filter(message__customer=customer)
        found = {f"{one.message_id}-{one.file_name or 'file'}": one.file.name or "" for one in attachments if one.file}
        originals = {
            f"{one.message_id}-original-{one.original_name or 'file'}": one.original.name or ""
            for one in attachments
            if one.original
        }
        return found | originals


class Conversations(Keeper):
    """The one conversation with a customer. It comes after the messages, because it names the newest one."""

    merged = Merged.JOINED

    def data(self, customer: Customer) -> Any:
        """All columns except copies."""
        return rows_of(self.rows(customer), *_COPIES)

    def movable(self, *, into: Customer, gone: Customer) -> Any:
        """Nothing moves."""
        return self.rows(gone).none()

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """Unread messages add up, and answers go to the address that wrote last.

        The conversation of `gone` stays as it is. Sets `desk_at` of `into`, which the caller saves.
        """
        chat, other = (Conversation.objects.filter(customer=one).first() for one in (into, gone))
        into.desk_at = max(into.desk_at, gone.desk_at)
        moved: Moved = {"ids": []}
        if other is None:
            return moved
        latest = max(filter(None, (chat, other)), key=_last_written)
        Conversation.objects.update_or_create(
            customer=into,
            defaults={
                "unread_count": other.unread_count + (chat.unread_count if chat is not None else 0),
                "last_message": _newest_message(into),
                **{name: getattr(latest, name) for name in _LAST_WRITER},
                **_put_away(open_most := _most_open(chat, other)),
                # What one of them was told, or the desk of them, is not told again.
                **{name: max(filter(None, _both(chat, other, name)), default=None) for name in _TOLD},
            },
        )
        look_who_waits(into.pk)
        _tell_state(into, _put_away(chat) if chat is not None else None, open_most)
        written = [_last_writer(chat) if chat is not None else None, _last_writer(latest)]
        states = [_state(chat) if chat is not None else None, _state(open_most)]
        return {**moved, "last_writer": written, "states": states}

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """What came since stays with `into`, and so does who wrote last if somebody wrote since.

        Sets `desk_at` of `into`, which the caller saves.
        """
        moved = merge.moved_of(self.relation)
        chat, newest = Conversation.objects.filter(customer=into).first(), _newest_message(into)
        into.desk_at = newest.ordered_at if newest is not None else NO_MESSAGE_YET
        if chat is None or "last_writer" not in moved:
            return
        Conversation.objects.filter(customer=gone).update(unread_count=_unread(gone))
        look_who_waits(gone.pk)
        before, after = moved["last_writer"]
        if before is None and newest is None:
            # The next chat begins open.
            _tell_state(into, _put_away(chat), Conversation())
            chat.delete()
        else:
            chat.last_message = newest
            chat.unread_count = _unread(into)
            if _last_writer(chat) == after:
                _set_last_writer(chat, before)
            was, became = moved.get("states", (None, None))
            merged = _put_away(chat)
            if was is not None and _state(chat) == became:
                chat.state, chat.snoozed_until = was[0], was[1] and datetime.fromisoformat(was[1])
            chat.save()
            _tell_state(into, merged, chat)
            look_who_waits(into.pk)


def _most_open(chat: Conversation | None, other: Conversation) -> Conversation:
    """The chat that the desk has more to do with: what one of two was left open for is still to be done."""
    openness = {ChatState.CLOSED: 0, ChatState.SNOOZED: 1, ChatState.OPEN: 2}
    sooner = sorted(filter(None, (chat, other)), key=lambda one: one.snoozed_until or NO_MESSAGE_YET)
    return max(sooner, key=lambda one: openness[ChatState(one.state)])


def _both(chat: Conversation | None, other: Conversation, name: str) -> list[Any]:
    return [getattr(one, name) for one in (chat, other) if one is not None]


def _put_away(chat: Conversation) -> dict[str, Any]:
    return {"state": chat.state, "snoozed_until": chat.snoozed_until}


def _tell_state(customer: Customer, was: dict[str, Any] | None, chat: Conversation) -> None:
    """Record the state of a chat if it was another one; None: there was no chat, and they begin open."""
    became = _put_away(chat)
    if became != (was or _put_away(Conversation())):
        record(customer, "chat_state_changed", state_data(**became))


def _state(chat: Conversation) -> list[Any]:
    """The state of a chat, as JSON."""
    return [str(chat.state), iso(chat.snoozed_until)]


def _unread(customer: Customer) -> int:
    """How many messages of a customer nobody has read; those that were taken back need not be read."""
    theirs = Message.objects.filter(customer=customer, direction=Direction.INBOUND, status=Status.RECEIVED)
    return theirs.filter(deleted_at=None).count()


def _newest_message(customer: Customer) -> Message | None:
    """What the desk shows as the last message. Reactions of ours are shown on the message they belong to."""
    newest: Message | None = Message.objects.filter(customer=customer).bubbles().newest_first().first()
    return newest


def _last_written(chat: Conversation) -> datetime:
    return chat.last_inbound_at or NO_MESSAGE_YET


def _last_writer(chat: Conversation) -> list[Any]:
    """Who wrote last, as JSON."""
    return [iso(chat.last_inbound_at), chat.last_address, chat.business_number_id]


def _set_last_writer(chat: Conversation, writer: list[Any] | None) -> None:
    written_at, chat.last_address, number_id = writer or (None, None, chat.business_number_id)
    chat.last_inbound_at = written_at and datetime.fromisoformat(written_at)
    chat.business_number_id = number_id


KEEPERS = (
    Messages("messages", file="chat", key="messages", given=Given.ONCE_PROVED, theirs=_MESSAGE),
    Conversations(
        "conversation", file="chat", key="conversation", given=Given.ONCE_PROVED, theirs=("last_inbound_at",)
    ),
    Keeper("closings", file="chat", key="closings"),
    Excused(
        "pending_route", reason="A job of the relay: somebody else is to get the customer. Who has them is in the log."
    ),
    Excused(
        "receipt", reason="A job of the relay: a read tick that is still to be shown. The next message makes another."
    ),
)
