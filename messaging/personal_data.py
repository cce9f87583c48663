"""The chat with a person (setting PERSONAL_DATA)."""

from typing import Any

from customers.models import Customer
from customers.related import Collected, rows_of
from messaging.models import Attachment, Conversation, Message

# How the queue works says nothing of a person.
_HIDDEN = ("lease_until", "claim_token", "attempts", "not_before")


class Chat:
    """Messages and their files; they go with the customer's row."""

    @staticmethod
    def collect(customer: Customer) -> Collected:
        attachments = Attachment.objects.filter(message__customer=customer).exclude(file="")
        files = {f"{one.message_id}-{one.file_name or 'file'}": one.file.name or "" for one in attachments}
        data = {
            "messages": rows_of(Message.objects.filter(customer=customer), *_HIDDEN),
            "conversation": rows_of(Conversation.objects.filter(customer=customer)),
        }
        return Collected("chat", data, files, of_chat=True)

    @staticmethod
    def erase(customer: Customer) -> None:
        """Nothing stays once the customer is deleted."""

    @staticmethod
    def merge(*, into: Customer, gone: Customer) -> None:
        Message.objects.filter(customer=gone).update(customer=into)
        chat, other = (Conversation.objects.filter(customer=one).first() for one in (into, gone))
        if other is None:
            return
        into.desk_at = max(into.desk_at, gone.desk_at)
        if chat is None:
            Conversation.objects.filter(customer=gone).update(customer=into)
            return
        newer = Message.objects.filter(customer=into).order_by("-ordered_at", "-pk").first()
        latest: Any = max((chat, other), key=lambda one: (one.last_inbound_at is not None, one.last_inbound_at))
        Conversation.objects.filter(customer=into).update(
            unread_count=chat.unread_count + other.unread_count,
            last_message=newer,
            last_inbound_at=latest.last_inbound_at,
            last_address=latest.last_address,
            business_number=latest.business_number,
        )
