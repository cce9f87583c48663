"""A message comes in, or comes back from the phone app: the one hot path of Patter, in hand-written SQL.

The ORM stores 0.37 of what a bare psycopg loop does, these statements twice as much
(reference/performance.md, section 2). They are plain enough for SQLite and PostgreSQL alike.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from core.db.cursors import prepared_cursor
from customers.events import record
from customers.models import Customer
from messaging.channels import Inbound, Media
from messaging.models import Attachment, AttachmentState, BusinessNumber, Conversation, Direction, Message, Status
from messaging.relay.jobs import wake_relays
from messaging.serializers.messages import message_data

# A message that comes later than this is shown at the provider's time, one that comes in time where it
# arrived: the provider's clock has whole seconds only, and would put a quick question before its answer.
LATE = timedelta(minutes=1)
# How long Meta keeps what a customer sent.
PROVIDER_KEEPS = timedelta(days=7)

_INSERT_MESSAGE = (
    f"INSERT INTO {Message._meta.db_table} (customer_id, business_number_id, direction, type, text, payload, "
    "reply_to_id, reactions, wamid, status, created_at, ordered_at, sent_at, attempts, not_before) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, '[]', %s, %s, %s, %s, %s, 0, %s) "
    "ON CONFLICT (business_number_id, wamid) DO NOTHING RETURNING id"
)
_UPSERT_CONVERSATION = (
    f"INSERT INTO {Conversation._meta.db_table} AS c "
    "(customer_id, business_number_id, unread_count, last_message_id, last_inbound_at, last_address) "
    "VALUES (%s, %s, 1, %s, %s, %s) "
    "ON CONFLICT (customer_id) DO UPDATE SET unread_count = c.unread_count + 1, "
    "business_number_id = CASE WHEN c.last_inbound_at > excluded.last_inbound_at "
    "THEN c.business_number_id ELSE excluded.business_number_id END, "
    "last_message_id = COALESCE(%s, c.last_message_id), "
    "last_address = CASE WHEN c.last_inbound_at > excluded.last_inbound_at "
    "THEN c.last_address ELSE excluded.last_address END, "
    "last_inbound_at = CASE WHEN c.last_inbound_at > excluded.last_inbound_at "
    "THEN c.last_inbound_at ELSE excluded.last_inbound_at END"
)

# What is said by others than the customer is neither unread nor a reason to answer freely.
_UPSERT_QUIETLY = (
    f"INSERT INTO {Conversation._meta.db_table} AS c (customer_id, business_number_id, unread_count, last_message_id) "
    "VALUES (%s, %s, 0, %s) "
    "ON CONFLICT (customer_id) DO UPDATE SET last_message_id = COALESCE(%s, c.last_message_id)"
)


def receive_message(*, customer: Customer, number: BusinessNumber, inbound: Inbound) -> int | None:
    """Store a message of a customer whom this transaction has locked; return its id.

    None for a redelivery (the wamid is known on this number), which changes nothing.
    """
    return _keep(customer, number, inbound, Direction.INBOUND, quietly=False)


def receive_notice(*, customer: Customer, number: BusinessNumber, inbound: Inbound) -> int | None:
    """`receive_message` for what the provider itself says about the customer: nobody has to answer that."""
    return _keep(customer, number, inbound, Direction.INBOUND, quietly=True)


def receive_echo(*, customer: Customer, number: BusinessNumber, inbound: Inbound) -> int | None:
    """`receive_message` for what was sent to the customer from elsewhere: it is in the chat as sent by nobody."""
    return _keep(customer, number, inbound, Direction.OUTBOUND, quietly=True)


def _keep(
    customer: Customer, number: BusinessNumber, inbound: Inbound, direction: Direction, *, quietly: bool
) -> int | None:
    now = timezone.now()
    status, sent_at = Status.RECEIVED, None
    if direction is Direction.OUTBOUND:
        status, sent_at = Status.SENT, inbound.at
    elif quietly:
        status = Status.READ
    at = inbound.at
    ordered_at = at if now - at > LATE else now
    reply_to_id = _message_id(number, inbound.reply_to_wamid)
    adapt = connection.ops.adapt_datetimefield_value
    newest = ordered_at >= customer.desk_at
    with prepared_cursor() as cursor:
        cursor.execute(
            _INSERT_MESSAGE,
            [
                customer.pk,
                number.pk,
                direction.value,
                inbound.type,
                inbound.text,
                json.dumps(inbound.payload),
                reply_to_id,
                inbound.wamid,
                status.value,
                adapt(at),
                adapt(ordered_at),
                adapt(sent_at),
                adapt(now),
            ],
        )
        row = cursor.fetchone()
        if row is None:
            return None
        message_id: int = row[0]
        place: list[Any] = [customer.pk, number.pk, message_id]
        if quietly:
            cursor.execute(_UPSERT_QUIETLY, [*place, message_id if newest else None])
        else:
            # A time to come would hold the window open for as long.
            written_at = adapt(min(at, now))
            cursor.execute(_UPSERT_CONVERSATION, [*place, written_at, inbound.address, message_id if newest else None])
    if newest:
        customer.desk_at = ordered_at
    data = message_data(
        {
            "id": message_id,
            "customer_id": customer.pk,
            "direction": direction.value,
            "type": inbound.type,
            "text": inbound.text,
            "payload": inbound.payload,
            "reply_to_id": reply_to_id,
            "wamid": inbound.wamid,
            "status": status.value,
            "created_at": at,
            "sent_at": sent_at,
            **(_attach(message_id, inbound.media, at) if inbound.media is not None else {}),
        }
    )
    record(customer, "chat_message", data)
    return message_id


def _attach(message_id: int, media: Media, at: datetime) -> dict[str, Any]:
    """Have the relay fetch a file; return the attachment's columns of a message's row."""
    Attachment.objects.create(
        message_id=message_id,
        provider_id=media.provider_id,
        provider_until=min(at, timezone.now()) + PROVIDER_KEEPS,
        mime_type=media.mime_type,
        file_name=media.file_name,
        sha256=media.sha256,
    )
    wake_relays()
    return {
        "attachment__state": AttachmentState.PENDING.value,
        "attachment__mime_type": media.mime_type,
        "attachment__file_name": media.file_name,
    }


def _message_id(number: BusinessNumber, wamid: str | None) -> int | None:
    if not wamid:
        return None
    return Message.objects.filter(business_number=number, wamid=wamid).values_list("pk", flat=True).first()
