"""The chat with a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from customers.models import Customer
from customers.related import Excused, Given, Keeper, Merged, rows_of
from messaging.models import Attachment, Conversation, Message

# How the queue works says nothing about a person.
_HIDDEN = ("lease_until", "claim_token", "attempts", "not_before")


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
        """All columns except those of the queue."""
        return rows_of(self.rows(customer), *_HIDDEN)

    def their_data(self, customer: Customer) -> Any:
        """Reactions of the desk do not say whose they are."""
        messages: list[dict[str, Any]] = super().their_data(customer)
        for message in messages:
            message["reactions"] = [
                {key: value for key, value in reaction.items() if key in _REACTION} for reaction in message["reactions"]
            ]
        return messages

    def files(self, customer: Customer) -> dict[str, str]:
        """The attachments stored here."""
        attachments = Attachment.objects.filter(message__customer=customer).exclude(file="")
        return {f"{one.message_id}-{one.file_name or 'file'}": one.file.name or "" for one in attachments}


class Conversations(Keeper):
    """The one conversation with a customer. It is merged after the messages, because it names the newest one."""

    merged = Merged.JOINED

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Move it if `into` has none. Else unread messages add up, and answers go to the address that wrote last."""
        chat, other = (Conversation.objects.filter(customer=one).first() for one in (into, gone))
        if other is None:
            return []
        into.desk_at = max(into.desk_at, gone.desk_at)
        if chat is None:
            Conversation.objects.filter(customer=gone).update(customer=into)
            return [into.pk]
        latest: Any = max((chat, other), key=lambda one: (one.last_inbound_at is not None, one.last_inbound_at))
        Conversation.objects.filter(customer=into).update(
            unread_count=chat.unread_count + other.unread_count,
            last_message=Message.objects.filter(customer=into).order_by("-ordered_at", "-pk").first(),
            last_inbound_at=latest.last_inbound_at,
            last_address=latest.last_address,
            business_number=latest.business_number,
        )
        return []


KEEPERS = (
    Messages("messages", file="chat", key="messages", given=Given.ONCE_PROVED, theirs=_MESSAGE),
    Conversations(
        "conversation", file="chat", key="conversation", given=Given.ONCE_PROVED, theirs=("last_inbound_at",)
    ),
    Excused(
        "receipt", reason="A job of the relay: a read tick that is still to be shown. The next message makes another."
    ),
)
