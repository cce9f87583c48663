"""A chat as the customer sees it on the phone: what Meta would have been given, and the ticks on what they wrote."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from core.timestamps import iso
from customers.models import Customer
from messaging.actions.reactions import BUSINESS
from messaging.channels import Rejected
from messaging.models import Attachment, BusinessNumber, Direction, Message, Receipt
from whatsapp.identities import spellings
from whatsapp.lookup import customer_id_of
from whatsapp.payload.elements import Person
from whatsapp.sandbox.graph_bodies import graph_body
from whatsapp.sandbox.wamids import wa_id_in
from whatsapp.sandbox.webhook_bodies import user_id_of

# How many of the newest messages a phone shows.
SHOWN = 200
# How long WhatsApp shows that somebody is typing.
TYPING_FOR = timedelta(seconds=25)

Row = dict[str, Any]


@dataclass(frozen=True)
class Chat:
    """The chat of one phone (in international form) with one of our numbers. Until they wrote, nobody is behind it."""

    phone: str
    number: BusinessNumber
    customer_id: int | None
    receipt: Receipt | None
    is_typing: bool
    version: str


def chat_of(phone: str, number: BusinessNumber) -> Chat:
    """The chat, with a version that is another one whenever something in it has changed."""
    person = Person(phone.removeprefix("+"), user_id_of(phone))
    customer_id = customer_id_of(person, number)
    receipt = Receipt.objects.filter(customer=customer_id).first() if customer_id is not None else None
    last_seq = Customer.all_rows.filter(pk=customer_id or 0).values_list("last_seq", flat=True).first()
    shown = receipt.shown if receipt is not None else None
    typing = receipt is not None and _is_typing(receipt)
    return Chat(phone, number, customer_id, receipt, typing, f"{customer_id}-{last_seq}-{shown}-{typing}")


def _is_typing(receipt: Receipt) -> bool:
    """Whether the customer is shown that somebody types an answer."""
    return receipt.typing and not receipt.due and timezone.now() - receipt.not_before < TYPING_FOR


def messages_of(chat: Chat) -> list[Row]:
    """The newest messages, the oldest of them first."""
    if chat.customer_id is None:
        return []
    own = {"", *spellings(chat.phone)}
    found = Message.objects.filter(customer=chat.customer_id, business_number=chat.number).exclude(type="system")
    found = found.filter(Q(direction=Direction.INBOUND) | Q(wamid__gt=""))
    rows = found.select_related("attachment", "reply_to", "business_number").newest_first()[:SHOWN]
    messages = [message for message in reversed(rows) if wa_id_in(message.wamid or "") in own]
    view = _View(chat, messages)
    return [row for message in messages if (row := view.row_of(message)) is not None]


class _View:
    """What is needed to show these messages of a chat."""

    def __init__(self, chat: Chat, messages: list[Message]) -> None:
        self._wa_id = chat.phone.removeprefix("+")
        self._read_until = _read_until(chat.receipt)
        # The newest one that has left counts; an empty one takes it back.
        self._reactions = {
            message.reply_to_id: message.payload["emoji"] for message in messages if _is_our_reaction(message)
        }

    def row_of(self, message: Message) -> Row | None:
        """A message as the phone shows it; None for what is no bubble."""
        if _is_our_reaction(message):
            return None
        theirs = message.direction == Direction.INBOUND
        row = self._written(message) if theirs else self._received(message)
        return row and {**row, "reactions": self._reactions_on(message)}

    def _written(self, message: Message) -> Row:
        gone = message.deleted_at is not None
        read = self._read_until is not None and (message.ordered_at, message.pk) <= self._read_until
        return {
            "id": message.wamid,
            "at": iso(message.created_at),
            "from": "customer",
            "type": message.type,
            "text": "" if gone else message.text,
            "content": {} if gone else message.payload,
            "reply_to": message.reply_to.wamid if message.reply_to is not None else None,
            "status": "read" if read else "delivered",
            "edited": message.edited_at is not None,
            "deleted": gone,
        }

    def _received(self, message: Message) -> Row | None:
        file: Attachment | None = getattr(message, "attachment", None)
        try:
            body = graph_body(message, file, self._wa_id)
        except Rejected:  # sent from the phone app, with what Patter itself does not send
            return None
        return {
            "id": message.wamid,
            "at": iso(message.sent_at or message.created_at),
            "from": "business",
            "body": body,
            "template": message.shown,
        }

    def _reactions_on(self, message: Message) -> list[Row]:
        theirs = [entry["emoji"] for entry in message.reactions if entry["from"] != BUSINESS and entry["emoji"]]
        ours = self._reactions.get(message.pk)
        return [{"from": "customer", "emoji": emoji} for emoji in theirs] + (
            [{"from": "business", "emoji": ours}] if ours else []
        )


def _is_our_reaction(message: Message) -> bool:
    return message.type == "reaction" and message.direction == Direction.OUTBOUND


def _read_until(receipt: Receipt | None) -> tuple[datetime, int] | None:
    """The place of the newest message that is shown as read, which the earlier ones are as well."""
    if receipt is None or receipt.shown is None:
        return None
    return Message.objects.filter(pk=receipt.shown).values_list("ordered_at", "pk").first()
