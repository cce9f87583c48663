"""What others do to a message after it was sent: they react to it, edit it, or delete it.

Webhooks say so twice, late and out of order. Each change has the time at which it was made, and the newest wins.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from core.timestamps import iso
from customers.actions.locking import lock_customer_of
from customers.events import record
from customers.models import CustomerNotFound
from messaging.actions.answering import look_who_waits
from messaging.actions.indexing import index_message
from messaging.models import BusinessNumber, Conversation, Direction, Message, Status
from messaging.serializers.messages import message_row


class UnknownMessage(Exception):
    """The message to change is not known, or not known yet."""

    def __init__(self, wamid: str) -> None:
        super().__init__(f"the message {wamid} is not known (yet)")


# Changes a message, without saving it, and returns the names of the changed fields.
Change = Callable[[Message], list[str]]


def change_reaction(*, number: BusinessNumber, wamid: str, by: str, emoji: str, at: datetime) -> int:
    """Set a person's reaction to a message, in place of the one they had; an empty emoji removes it.

    Returns the id of the customer. Raises UnknownMessage.
    """

    def change(message: Message) -> list[str]:
        before = next((reaction for reaction in message.reactions if reaction["from"] == by), None)
        after = {"emoji": emoji, "from": by, "at": iso(at)}
        if before == after or (before is not None and datetime.fromisoformat(before["at"]) > at):
            return []
        # A removed reaction stays as an empty one with its time, so that an older one cannot bring it back.
        others = [reaction for reaction in message.reactions if reaction is not before]
        message.reactions = [*others, after]
        return ["reactions"]

    return _change(number, wamid, change)


def edit_message(*, number: BusinessNumber, wamid: str, edit_wamid: str, text: str, at: datetime) -> int:
    """Replace the text of a message; the text before is kept in its payload under `edits`.

    `edit_wamid` is the provider's id of the edit, by which a redelivery is recognised. Returns the id of the
    customer. Raises UnknownMessage.
    """

    def change(message: Message) -> list[str]:
        edits: list[dict[str, Any]] = message.payload.get("edits", [])
        known = any(earlier["wamid"] == edit_wamid for earlier in edits)
        if known or (message.edited_at is not None and message.edited_at > at):
            return []
        entry = {"wamid": edit_wamid, "at": iso(at), "before": message.text}
        message.payload = {**message.payload, "edits": [*edits, entry]}
        message.text, message.edited_at = text, at
        return ["text", "payload", "edited_at"]

    return _change(number, wamid, change)


def revoke_message(*, number: BusinessNumber, wamid: str, at: datetime) -> int:
    """Mark a message as deleted by its sender: it is kept, and shown empty. Nobody has to read it any more.

    Returns the id of the customer. Raises UnknownMessage.
    """

    def change(message: Message) -> list[str]:
        if message.deleted_at is not None:
            return []
        message.deleted_at = at
        if message.direction == Direction.INBOUND and message.status == Status.RECEIVED:
            Conversation.objects.filter(customer=message.customer_id, unread_count__gt=0).update(
                unread_count=F("unread_count") - 1
            )
        return ["deleted_at"]

    return _change(number, wamid, change)


@transaction.atomic
def _change(number: BusinessNumber, wamid: str, change: Change) -> int:
    known = Message.objects.filter(business_number=number, wamid=wamid)
    try:
        customer = lock_customer_of(known)
    except CustomerNotFound:
        raise UnknownMessage(wamid)
    message = known.get()
    fields = change(message)
    if fields:
        message.save(update_fields=fields)
        if "deleted_at" in fields and message.direction == Direction.INBOUND:
            look_who_waits(customer.pk)  # what was taken back needs no answer
        if "text" in fields or "deleted_at" in fields:
            index_message(message)
        record(customer, "message_updated", message_row(message.pk))
    return int(customer.pk)
