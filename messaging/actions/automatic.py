"""Messages that Patter sends by itself. They go out as any message does, and answer nobody."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from core.live.publishing import wake_relays
from customers.actions.locking import lock
from customers.events import record
from customers.models import Customer
from messaging.actions.storing import INSERT_MESSAGE, last_of_chat
from messaging.channels import Content, Draft, channel_of
from messaging.errors import NumberCannotSend
from messaging.models import BusinessNumber, Conversation, Direction, Message, Status
from messaging.reach import window_closed
from messaging.serializers.messages import message_row

logger = logging.getLogger(__name__)


@transaction.atomic
def send_away_message(*, customer_id: int, text: str, closed_since: datetime) -> bool:
    """Tell a customer who wrote in a closed period that nobody is there; return whether it was sent.

    Once for each period, and only while they wait and may be written to. Raises CustomerNotFound.
    """
    customer = lock(customer_id)
    if customer.blocked_at is not None:
        return False
    chats = Conversation.objects.filter(customer=customer, waiting_since__isnull=False)
    chat: Conversation | None = chats.select_related("business_number").first()
    if chat is None or chat.last_inbound_at is None or chat.last_inbound_at < closed_since:
        return False
    if chat.away_told_at is not None and chat.away_told_at >= closed_since:
        return False
    now = timezone.now()
    if window_closed(chat.business_number.transport, chat.last_inbound_at, now):
        return False
    content = _composed(customer, chat.business_number, text)
    if content is not None:
        _send(customer, chat.business_number, content, now)
    Conversation.objects.filter(customer=customer).update(away_told_at=now)
    return content is not None


def _composed(customer: Customer, number: BusinessNumber, text: str) -> Content | None:
    """What is to be sent. None if nothing can be sent from the number: then nobody tries again in this period."""
    try:
        return channel_of(number).compose(Draft(customer, number, "text", text))
    except NumberCannotSend as refusal:
        logger.warning("no away message to customer %d: %s", customer.pk, refusal)
        return None


def _send(customer: Customer, number: BusinessNumber, content: Content, now: datetime) -> None:
    message = Message(
        customer=customer,
        business_number=number,
        direction=Direction.OUTBOUND,
        type=content.type,
        text=content.text,
        payload=content.payload,
        automatic=True,
        status=Status.QUEUED,
        created_at=now,
        ordered_at=now,
        not_before=now,
    )
    INSERT_MESSAGE.save(message)
    customer.desk_at = max(now, customer.desk_at)
    last = last_of_chat(message.pk, customer_id=customer.pk, number_id=number.pk)
    record(customer, "chat_message", message_row(message.pk), also=[last])
    wake_relays()
