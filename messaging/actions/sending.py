"""Sending messages: they are queued here, and sent by the relay (messaging/relay/outbox.py)."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from contacts.models import Contact
from core.db.compiled import Compiled
from core.live.publishing import wake_relays
from customers.actions.locking import lock_with, locking
from customers.events import record
from customers.models import Customer
from customers.visibility import DeskQuery
from messaging.actions.moved import refuse_if_moved
from messaging.actions.outgoing_files import attach
from messaging.actions.reactions import show_own_reaction
from messaging.actions.receipts import ON_REPLY, read_receipt, show_read
from messaging.actions.storing import INSERT_MESSAGE, last_of_chat
from messaging.channels import Content, Draft, channel_of, channels, home_channel, window_expires_at
from messaging.errors import Blocked, ClientIdTaken, OutsideServiceWindow
from messaging.models import (
    UNTIL_CONVERTED,
    Attachment,
    BusinessNumber,
    Conversation,
    Direction,
    Message,
    Status,
)
from messaging.reach import window_closed
from messaging.serializers.messages import new_message_row
from messaging.serializers.waiting import waiting_when_new

# Types that can be sent when the service window is closed.
WITHOUT_WINDOW = frozenset({"template"})


# Who is written to, locked, with all that a send asks of the chat: one statement.
_CHAT_TO_WRITE_IN = DeskQuery(
    lambda user, pk, client_id: (
        locking(Customer.objects.at_desk_of(user).filter(pk=pk))
        .select_related("conversation__business_number")
        .annotate(
            used=Exists(Message.objects.filter(sender=user, client_id=client_id)),
            behind=Exists(Message.objects.filter(customer=OuterRef("pk")).unfinished()),
        )
    )
)
_CHAT = Compiled(lambda customer: Conversation.objects.select_related("business_number").filter(customer=customer))
_USED = Compiled(lambda sender, client_id: Message.objects.filter(sender=sender, client_id=client_id))


def require_window(customer: Customer, number: BusinessNumber) -> None:
    """Raise OutsideServiceWindow unless the customer can be written to freely from this number now."""
    _require_window(_CHAT.first(customer=customer.pk), number)


def _require_window(conversation: Conversation | None, number: BusinessNumber) -> None:
    channel_of(number)  # says what is wrong if it is not set up
    written_at = conversation.last_inbound_at if conversation is not None else None
    if window_closed(number.transport, written_at, timezone.now()):
        raise OutsideServiceWindow(window_expires_at(number.transport, written_at))


@transaction.atomic
def send_files(
    *,
    customer_id: int,
    actor: User,
    files: "Sequence[UploadedFile[bytes]]",
    client_id: str | None = None,
    text: str = "",
    **fields: Any,
) -> list[tuple[Message, bool]]:
    """Queue a message for each file, the text as the caption of the first; return them as `send_message` does.

    The client_id of the second message is the given one followed by `#2`, and so on: the same request, sent again,
    returns the same messages. All of them are queued, or none.
    """
    sent: list[tuple[Message, bool]] = []
    try:
        for index, file in enumerate(files, start=1):
            sent.append(
                send_message(
                    customer_id=customer_id,
                    actor=actor,
                    file=file,
                    text=text if index == 1 else "",
                    client_id=client_id and (client_id if index == 1 else f"{client_id}#{index}"),
                    **fields,
                )
            )
    except BaseException:
        for message, new in sent:
            for kept in (message.attachment.file, message.attachment.original) if new else ():
                kept.delete(save=False)  # its row goes with the transaction
        raise
    return sent


@transaction.atomic
def send_message(
    *,
    customer_id: int,
    actor: User,
    text: str = "",
    type: str = "",
    payload: dict[str, Any] | None = None,
    template: dict[str, Any] | None = None,
    file: "UploadedFile[bytes] | None" = None,
    reply_to: int | None = None,
    to_contact: int | None = None,
    business_number: int | None = None,
    client_id: str | None = None,
    if_last_seq: int | None = None,
) -> tuple[Message, bool]:
    """Queue a message; return it and whether it is new. Without `type` the file says what it is; without one, text.

    A `client_id` that the sender has used before returns the first message and queues nothing. Raises ClientIdTaken
    when it was used for other content, ChatMoved (messaging/actions/moved.py), Blocked, OutsideServiceWindow, Http404
    when the customer is not on the actor's desk, and ValidationError for what the channel does not accept, and for a
    `reply_to`, `to_contact` or `business_number` that is not one of this chat's.
    """
    client_id, sha256 = client_id or None, _sha256(file)
    found: Any = lock_with(_CHAT_TO_WRITE_IN, customer_id, actor=actor, client_id=client_id)
    number = [business_number] if business_number is not None else []  # so hashes without it stay as they are
    client_hash = _hash(customer_id, type, text, payload, template, sha256, reply_to, to_contact, *number)
    if found.used:
        return _sent_before(actor, client_id, client_hash), False
    refuse_if_moved(found, since=if_last_seq, actor=actor)
    conversation, replied = getattr(found, "conversation", None), _replied(found, reply_to)
    to_number = _number_of(found, to_contact)
    draft = Draft(found, _number(conversation, replied, business_number), type, text, payload, template, file, replied)
    content = _content(draft, conversation)
    message = _new_message(draft, content, actor)
    message.to_contact, message.to_number = to_contact, to_number
    message.client_id, message.client_hash = client_id, client_hash
    if not INSERT_MESSAGE.save(message):  # sent at this moment, also by a request that writes to another customer
        return _sent_before(actor, client_id, client_hash), False
    _show(message, None if file is None else attach(message, file, content, sha256), actor, behind=found.behind)
    return message, True


def _content(draft: Draft, conversation: Conversation | None) -> Content:
    """What the channel makes of a draft, which may be sent now. Raises as `send_message` does."""
    if draft.customer.blocked_at is not None:
        raise Blocked
    content = channel_of(draft.number).compose(draft)
    if content.type not in WITHOUT_WINDOW:
        _require_window(conversation, draft.number)
    return content


def _new_message(draft: Draft, content: Content, sender: User) -> Message:
    """A message that is due now, not stored yet."""
    now = timezone.now()
    return Message(
        customer=draft.customer,
        business_number=draft.number,
        direction=Direction.OUTBOUND,
        type=content.type,
        text=content.text,
        payload=content.payload,
        shown=content.shown,
        reply_to=draft.reply_to,
        sender=sender,
        status=Status.QUEUED,
        created_at=now,
        ordered_at=now,
        not_before=UNTIL_CONVERTED if content.converts else now,
    )


def _show(message: Message, file: Attachment | None, actor: User, *, behind: bool) -> None:
    """Put a queued message into the chat, a reaction on the message it belongs to, and wake the relay."""
    customer = message.customer
    if message.type == "reaction":
        show_own_reaction(customer, message, actor=actor)
        show_read(customer.pk, ON_REPLY)
    else:
        last = last_of_chat(message.pk, customer_id=customer.pk, number_id=message.business_number_id)
        also = [last, *read_receipt(customer.pk, ON_REPLY)]
        customer.desk_at = max(message.ordered_at, customer.desk_at)
        converting = message.not_before == UNTIL_CONVERTED
        waiting = waiting_when_new(message.business_number, behind=behind, converting=converting)
        message.recorded = new_message_row(message, file, waiting)
        row = message.recorded
        record(customer, "chat_message", row, actor=actor, verb="message_sent", about=message, changes={}, also=also)
    wake_relays()


def _sha256(file: "UploadedFile[bytes] | None") -> str:
    if file is None:
        return ""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _hash(*asked: Any) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _sent_before(actor: User, client_id: str | None, client_hash: str) -> Message:
    """The message for which the actor has used this client_id. Raises ClientIdTaken if its content was different."""
    message: Message | None = _USED.first(sender=actor.pk, client_id=client_id)
    if message is None or message.client_hash != client_hash:
        raise ClientIdTaken
    return message


def _replied(customer: Customer, message_id: int | None) -> Message | None:
    if message_id is None:
        return None
    messages = Message.objects.select_related("business_number", "sender")
    replied: Message | None = messages.filter(pk=message_id, customer=customer).first()
    if replied is None:
        raise ValidationError({"reply_to": [f'Invalid pk "{message_id}" - object does not exist.']})
    return replied


def _number(conversation: Conversation | None, replied: Message | None, named: int | None) -> BusinessNumber:
    """The number a message is sent from: the chat's, unless it answers a message that only another number knows.

    A chat that this message begins is on the number that is `named`, or else on the home number.
    """
    if conversation is None:
        return home_channel().home_number() if named is None else _named(named)
    number: BusinessNumber = conversation.business_number
    if named is not None and named != number.pk:
        raise ValidationError({"business_number": ["This chat is on another number. Leave it out."]})
    if replied is None or replied.business_number_id == number.pk:
        return number
    if replied.business_number.transport != number.transport:
        raise ValidationError({"reply_to": ["This message came through another channel and cannot be answered here."]})
    return replied.business_number


def _named(pk: int) -> BusinessNumber:
    number: BusinessNumber | None = BusinessNumber.objects.filter(pk=pk, transport__in=channels()).first()
    if number is None:
        raise ValidationError({"business_number": [f'Invalid pk "{pk}" - object does not exist.']})
    return number


def _number_of(customer: Customer, contact_id: int | None) -> str | None:
    """The WhatsApp number of an active contact, None without one. Raises ValidationError."""
    if contact_id is None:
        return None
    contact = Contact.objects.filter(pk=contact_id, customer=customer, is_active=True).first()
    if contact is None:
        raise ValidationError({"to_contact": ["This customer has no such active contact."]})
    number: str = contact.wa_number
    return number
