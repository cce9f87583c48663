"""What happens to messages after they were said: reactions, other words, taking back.

All of it comes from outside, twice, late and out of order, so each says when it was meant, and the newest wins.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from core.timestamps import iso
from customers.actions.locking import lock
from customers.events import record
from customers.models import Customer
from messaging.models import BusinessNumber, Message
from messaging.serializers.messages import message_row


class UnknownMessage(Exception):
    """The message that is spoken of is not known, or not yet."""

    def __init__(self, wamid: str) -> None:
        super().__init__(f"the message {wamid} is not known (yet)")


Change = Callable[[Message], list[str]]


def change_reaction(*, number: BusinessNumber, wamid: str, by: str, emoji: str, at: datetime) -> int:
    """Put somebody's reaction on a message, in place of the one they had; an empty emoji takes it away.

    Returns the customer's id. Raises UnknownMessage.
    """

    def change(message: Message) -> list[str]:
        mine = next((reaction for reaction in message.reactions if reaction["from"] == by), None)
        said = {"emoji": emoji, "from": by, "at": iso(at)}
        if mine == said or (mine is not None and datetime.fromisoformat(mine["at"]) > at):
            return []
        # One that was taken away stays as an empty one, with its time: what is older must not bring it back.
        others = [reaction for reaction in message.reactions if reaction is not mine]
        message.reactions = [*others, said]
        return ["reactions"]

    return _change(number, wamid, change)


def edit_message(*, number: BusinessNumber, wamid: str, edit_wamid: str, text: str, at: datetime) -> int:
    """Replace the words of a message; those before are kept in its payload under `edits`.

    `edit_wamid` is the provider's id of the edit itself, by which a redelivery is known. Returns the customer's
    id. Raises UnknownMessage.
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
    """Note that a message was taken back: it is kept, and shown empty. Returns the customer's id.

    Raises UnknownMessage.
    """

    def change(message: Message) -> list[str]:
        if message.deleted_at is not None:
            return []
        message.deleted_at = at
        return ["deleted_at"]

    return _change(number, wamid, change)


@transaction.atomic
def _change(number: BusinessNumber, wamid: str, change: Change) -> int:
    known = Message.objects.filter(business_number=number, wamid=wamid)
    customer_id = known.values_list("customer_id", flat=True).first()
    if customer_id is None:
        raise UnknownMessage(wamid)
    customer: Customer = lock(customer_id)
    message = known.get()
    fields = change(message)
    if fields:
        message.save(update_fields=fields)
        record(customer, "message_updated", message_row(message.pk))
    return int(customer_id)
