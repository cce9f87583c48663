"""Taking in a message that a customer sent, or that was sent from the phone app: in hand-written SQL.

Every webhook comes through here. Through the ORM, 0.37 as many messages were stored as by a bare loop of psycopg, with
these statements twice as many. They run on SQLite and PostgreSQL alike.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from core.db.together import Write
from core.live.publishing import wake_relays
from customers.events import record
from customers.models import Customer
from messaging.actions.answering import end_waiting_by_phone, look_who_waits, owner_at
from messaging.actions.storing import INSERT_MESSAGE, last_of_chat
from messaging.channels import Inbound, Media
from messaging.models import (
    NOT_WAITED_FOR,
    Attachment,
    AttachmentState,
    BusinessNumber,
    ChatState,
    Conversation,
    Direction,
    Message,
    Status,
)
from messaging.serializers.answered import answered_columns
from messaging.serializers.chat_states import state_data
from messaging.serializers.messages import message_data

# A message that arrives later than this is shown at the provider's time, others at the time they arrived: the
# provider's times are whole seconds, which would put an answer of ours before the quick question it answers.
LATE = timedelta(minutes=1)
# The provider's times have whole seconds: what is closer together is in the order in which it arrived.
_A_SECOND = timedelta(seconds=1)
_JUST_BEFORE = timedelta(microseconds=1)

_PUT_UNREAD = (
    f"INSERT INTO {Conversation._meta.db_table} AS c "
    "(customer_id, business_number_id, unread_count, last_message_id, last_inbound_at, last_address, waiting_since) "
    "VALUES (%s, %s, 1, %s, %s, %s, %s) "
    "ON CONFLICT (customer_id) DO UPDATE SET unread_count = c.unread_count + 1, "
    "business_number_id = CASE WHEN c.last_inbound_at > excluded.last_inbound_at "
    "THEN c.business_number_id ELSE excluded.business_number_id END, "
    "last_message_id = COALESCE(%s, c.last_message_id), "
    "last_address = CASE WHEN c.last_inbound_at > excluded.last_inbound_at "
    "THEN c.last_address ELSE excluded.last_address END, "
    "last_inbound_at = CASE WHEN c.last_inbound_at > excluded.last_inbound_at "
    "THEN c.last_inbound_at ELSE excluded.last_inbound_at END, "
    "waiting_since = CASE WHEN c.waiting_since < excluded.waiting_since OR excluded.waiting_since IS NULL "
    "THEN c.waiting_since ELSE excluded.waiting_since END, "
    # A new wait, which may be since before the one of which the desk was told.
    "overdue_since = CASE WHEN c.waiting_since IS NULL THEN NULL ELSE c.overdue_since END, "
    f"reopened_by = CASE WHEN c.state = '{ChatState.OPEN}' THEN c.reopened_by ELSE excluded.last_message_id END, "
    f"state = '{ChatState.OPEN}', snoozed_until = NULL RETURNING reopened_by"
)


def receive_message(
    *,
    customer: Customer,
    number: BusinessNumber,
    inbound: Inbound,
    handled_by: str | None = None,
    also: Sequence[Write] = (),
) -> int | None:
    """Store a message of a customer whom this transaction has locked; return its id.

    A redelivery, whose wamid is already known on this number, changes nothing and returns None. What still comes from
    somebody who is blocked is kept, and nobody has to read it; nor what somebody else deals with (`handled_by`).
    `also` is written with a new one, as for `record`.
    """
    quietly = customer.blocked_at is not None or handled_by is not None
    message_id = _keep(customer, number, inbound, Direction.INBOUND, quietly=quietly, by=handled_by, also=also)
    if message_id is not None and handled_by is not None:
        _open_window(customer, number, inbound)
    return message_id


def receive_notice(*, customer: Customer, number: BusinessNumber, inbound: Inbound) -> int | None:
    """`receive_message` for what the provider says about the customer: it is not unread."""
    return _keep(customer, number, inbound, Direction.INBOUND, quietly=True, by=None)


def receive_echo(
    *, customer: Customer, number: BusinessNumber, inbound: Inbound, handled_by: str | None = None
) -> int | None:
    """`receive_message` for what was sent to the customer from elsewhere: it is outbound, without a sender."""
    return _keep(customer, number, inbound, Direction.OUTBOUND, quietly=True, by=handled_by)


def _keep(
    customer: Customer,
    number: BusinessNumber,
    inbound: Inbound,
    direction: Direction,
    *,
    quietly: bool,
    by: str | None,
    also: Sequence[Write] = (),
) -> int | None:
    now = timezone.now()
    ordered_at = _place(customer, inbound, direction, now)
    answered = _answered(number, inbound.reply_to_wamid)
    message = {
        "customer_id": customer.pk,
        "business_number_id": number.pk,
        "reply_to_id": answered.get("id"),
        "status": _status(direction, quietly).value,
        "ordered_at": ordered_at,
        **_columns(inbound, direction),
        "sent_for": owner_at(customer, ordered_at) if direction is Direction.OUTBOUND else None,
    }
    message |= {} if by is None else {"handled_by": by}
    if (message_id := INSERT_MESSAGE(message)) is None:
        return None
    newest = ordered_at >= customer.desk_at
    if quietly:
        place = last_of_chat(message_id, customer_id=customer.pk, number_id=number.pk, newest=newest)
    else:
        place = _unread(message_id, customer, number, inbound, now, newest=newest)
    customer.desk_at = max(ordered_at, customer.desk_at)
    file = _attach(message_id, inbound.media, inbound.at) if inbound.media is not None else {}
    _show(customer, {**answered, "id": message_id, **message, **file}, also=[*also, place])
    _who_waits(customer, direction, ordered_at, late=ordered_at < now)
    return message_id


def _place(customer: Customer, inbound: Inbound, direction: Direction, now: datetime) -> datetime:
    """Where a message stands in the chat: at the end, unless it arrives late.

    Then it stands at its own time. If a message of the customer and one from the phone app overtook each other on the
    way, the one written first stands before the other: their times tell which of them answers the other.
    """
    if now - inbound.at > LATE:
        return inbound.at
    if customer.desk_at - inbound.at < _A_SECOND:
        return now
    later = Message.objects.filter(customer=customer, ordered_at__gt=inbound.at, created_at__gt=inbound.at)
    if direction is Direction.INBOUND:
        later = later.filter(direction=Direction.OUTBOUND, sender=None, automatic=False)
    else:
        later = later.filter(direction=Direction.INBOUND)
    overtook = later.order_by("ordered_at", "pk").values_list("ordered_at", flat=True).first()
    return now if overtook is None else overtook - _JUST_BEFORE


def _columns(inbound: Inbound, direction: Direction) -> dict[str, Any]:
    """What the row of a message takes from what came in."""
    return {
        "direction": direction.value,
        "type": inbound.type,
        "text": inbound.text,
        "payload": inbound.payload,
        "wamid": inbound.wamid,
        "created_at": inbound.at,
        "sent_at": inbound.at if direction is Direction.OUTBOUND else None,
    }


def _show(customer: Customer, row: dict[str, Any], *, also: Sequence[Write]) -> None:
    """Record a new message. The last of `also` answers with the message that opened the chat last."""
    reopened_by = record(customer, "chat_message", message_data(row), also=also)
    if reopened_by == (row["id"],):
        record(customer, "chat_state_changed", state_data(ChatState.OPEN))


def _who_waits(customer: Customer, direction: Direction, at: datetime, *, late: bool) -> None:
    """What arrived in time was taken in with the chat."""
    if direction is Direction.OUTBOUND:
        end_waiting_by_phone(customer, at)
    elif late:
        look_who_waits(customer.pk)  # it may have been answered from the phone app


def _unread(
    message_id: int, customer: Customer, number: BusinessNumber, inbound: Inbound, now: datetime, *, newest: bool
) -> Write:
    """`last_of_chat` for a message that the customer wrote: it is unread, waits, and opens the chat and its window.

    Answers with the message that opened the chat last: this one, if the chat was not open.
    """
    # A time in the future would keep the service window open for longer than 24 hours.
    written_at = connection.ops.adapt_datetimefield_value(min(inbound.at, now))
    waits = written_at if inbound.type not in NOT_WAITED_FOR else None
    place = [customer.pk, number.pk, message_id, written_at, inbound.address, waits]
    return _PUT_UNREAD, [*place, message_id if newest else None]


def _open_window(customer: Customer, number: BusinessNumber, inbound: Inbound) -> None:
    """Open the service window for a message that nobody has to read."""
    at = min(inbound.at, timezone.now())
    older = Q(last_inbound_at=None) | Q(last_inbound_at__lt=at)
    Conversation.objects.filter(older, customer=customer).update(
        last_inbound_at=at, last_address=inbound.address, business_number=number
    )


def _status(direction: Direction, quietly: bool) -> Status:
    if direction is Direction.OUTBOUND:
        return Status.SENT
    return Status.READ if quietly else Status.RECEIVED


def _attach(message_id: int, media: Media, at: datetime) -> dict[str, Any]:
    """Have the relay fetch a file; return the columns of it that a message shows."""
    Attachment.objects.create(
        message_id=message_id,
        provider_id=media.provider_id,
        provider_until=min(at, timezone.now()) + media.kept_for,
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


def _answered(number: BusinessNumber, wamid: str | None) -> dict[str, Any]:
    """The message with this wamid: its id, and what a row that answers it shows of it. Empty if there is none."""
    if not wamid:
        return {}
    return Message.objects.filter(business_number=number, wamid=wamid).values("id", **answered_columns()).first() or {}
