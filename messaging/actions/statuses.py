"""The statuses that providers report for outbound messages. They come late, twice, out of order, and early."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core.db.compiled import prepared_cursor
from core.db.failures import passing_busy
from core.db.leases import any_row
from core.db.patience import patience
from core.filters import whole_number
from customers.actions.locking import lock_customer_of
from customers.events import LOG_FIELDS, customer_of_row, record
from customers.models import Customer
from messaging.actions.answering import answered_at, end_waiting, note_owner
from messaging.actions.failures import log_failure
from messaging.actions.reactions import withdraw_reaction
from messaging.actions.status_rows import TIME_FIELD, load_for_status, write_status
from messaging.channels import channel_of
from messaging.models import BusinessNumber, Conversation, Direction, Message, Status, StatusUpdate
from messaging.serializers.messages import status_data

# By hand, because every message has three statuses: through the ORM, one took five times as long as taking in a message
# (docs/decisions/005-hand-written-sql.md).
_LOCK = (
    f"SELECT {', '.join(f'c.{field}' for field in LOG_FIELDS)}, m.id FROM {Message._meta.db_table} m "
    f"JOIN {Customer._meta.db_table} c ON c.id = m.customer_id AND c.merged_into_id IS NULL "
    "WHERE m.business_number_id = %s AND m.wamid = %s AND m.direction = 'outbound' "
)
_BY_WAMID = (
    f"SELECT id FROM {Message._meta.db_table} WHERE business_number_id = %s AND wamid = %s AND direction = 'outbound'"
)
_BY_KEY = (
    f"SELECT id FROM {Message._meta.db_table} WHERE business_number_id = %s AND id = %s AND direction = 'outbound'"
)
_VALUES = "business_number_id, wamid, message_key, status, error, pricing, at, received_at"
_ONCE = "ON CONFLICT (business_number_id, wamid, status) DO NOTHING RETURNING id"
_KEEP = (
    f"INSERT INTO {StatusUpdate._meta.db_table} (message_id, {_VALUES}) "
    f"VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) {_ONCE}"
)
# In one statement: whether the message is known, by its wamid or by our id of it, and, if not, storing the status.
_KEEP_UNKNOWN = (
    f"INSERT INTO {StatusUpdate._meta.db_table} ({_VALUES}) SELECT %s, %s, %s, %s, %s, %s, %s, %s "
    f"WHERE NOT EXISTS ({_BY_WAMID}) AND NOT EXISTS ({_BY_KEY}) {_ONCE}"
)
# The commit need not wait for the disk. If it is lost with the machine's power, so is the end of the webhook, which is
# on disk itself and is handled again.
_NO_HURRY = ", set_config('synchronous_commit', 'off', true)"

_WAITING = (
    f"SELECT 1 FROM {StatusUpdate._meta.db_table} u WHERE u.message_id IS NULL AND u.received_at > %s AND EXISTS ("
    f"SELECT 1 FROM {Message._meta.db_table} m WHERE m.business_number_id = u.business_number_id AND m.wamid = u.wamid)"
)

# How long the relay, which has other things to do, waits for a customer whom somebody else holds.
_LOCK_SECONDS = 0.1
# A status that waits for longer is about a message that was sent from the number by something else.
_WAITS_FOR = timedelta(hours=1)


class Applied(NamedTuple):
    """What became of a status. `customer_id` is None while its message is not known; a redelivery is not `news`."""

    customer_id: int | None
    news: bool


def apply_status(
    *,
    number: BusinessNumber,
    wamid: str,
    status: str,
    at: datetime,
    message_key: str = "",
    error: dict[str, Any] | None = None,
    pricing: dict[str, Any] | None = None,
) -> Applied:
    """Store a status, and move its message forward if it is news.

    `message_key` is our id of the message, as it was sent along: it finds a message whose wamid we do not know because
    the answer to the send never came. A status whose message is not known yet waits for it.
    """
    update = StatusUpdate(
        business_number=number,
        wamid=wamid,
        message_key=message_key,
        status=status,
        at=at,
        error=error,
        pricing=pricing,
    )
    with transaction.atomic(savepoint=False):
        found = _lock_by_wamid(update)
        if found is None:
            found = None if _keep_unknown(update) else _lock_by_key(update)
        if found is None:
            return Applied(None, news=False)
        customer, update.message_id = found
        if not _keep(update) and not _was_waiting(update):
            return Applied(int(customer.pk), news=False)  # a redelivery
        message = load_for_status(update.message_id)
        if message.customer_id != customer.pk:  # moved with the undoing of a merge that the lock waited for
            customer = lock_customer_of(Message.objects.filter(pk=message.pk))
        advance(customer, message, update)
    return Applied(int(customer.pk), news=True)


def _lock_by_wamid(update: StatusUpdate) -> tuple[Customer, int] | None:
    """Lock the customer of the message that an update is about; return both. None if a merge moves it right now."""
    with prepared_cursor() as cursor:
        cursor.execute(_LOCK + _lock_clause(), [update.business_number_id, update.wamid])
        row = cursor.fetchone()
    return (customer_of_row(row[:-1]), row[-1]) if row is not None else None


def _lock_by_key(update: StatusUpdate) -> tuple[Customer, int] | None:
    found = _find(update)
    return (lock_customer_of(Message.objects.filter(pk=found)), found) if found is not None else None


def _lock_clause() -> str:
    return "FOR NO KEY UPDATE OF c" if connection.features.has_select_for_no_key_update else ""


def _keep(update: StatusUpdate) -> bool:
    """Store an update; return False if it was stored before."""
    with prepared_cursor() as cursor:
        cursor.execute(_KEEP, [update.message_id, *_values(update)])
        return cursor.fetchone() is not None


def _keep_unknown(update: StatusUpdate) -> bool:
    """Store an update whose message is not known; return False if it is known, or the update was stored before."""
    number_id, by_key = update.business_number_id, whole_number(update.message_key)
    statement = _KEEP_UNKNOWN + (_NO_HURRY if connection.vendor == "postgresql" else "")
    with prepared_cursor() as cursor:
        cursor.execute(statement, [*_values(update), number_id, update.wamid, number_id, by_key])
        return cursor.fetchone() is not None


def _values(update: StatusUpdate) -> list[Any]:
    adapt = connection.ops.adapt_datetimefield_value
    values = [update.business_number_id, update.wamid, update.message_key, update.status]
    return [*values, _json(update.error), _json(update.pricing), adapt(update.at), adapt(update.received_at)]


def _was_waiting(update: StatusUpdate) -> bool:
    """Give a waiting update to its message, which is known by now; return False if it was not waiting."""
    same = StatusUpdate.objects.waiting().filter(
        business_number=update.business_number_id, wamid=update.wamid, status=update.status
    )
    return same.update(message=update.message_id) == 1


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def close_window(customer: Customer, number: BusinessNumber, *, since: datetime) -> None:
    """Close the service window of a locked customer, because the provider refused a message from this number.

    Does nothing if the customer wrote after `since`, the time of that message, or last wrote to another number.
    """
    window = channel_of(number).service_window
    if window is None:
        return
    opened = timezone.now() - window
    chats = Conversation.objects.filter(customer=customer, business_number=number, last_inbound_at__lte=since)
    chats.filter(last_inbound_at__gt=opened).update(last_inbound_at=opened)


def _find(update: StatusUpdate) -> int | None:
    """Return the id of the outbound message that an update is about."""
    by_key = whole_number(update.message_key)
    with prepared_cursor() as cursor:
        cursor.execute(_BY_WAMID, [update.business_number_id, update.wamid])
        found = cursor.fetchone()
        if found is None and by_key is not None:
            cursor.execute(_BY_KEY, [update.business_number_id, by_key])
            found = cursor.fetchone()
    return int(found[0]) if found is not None else None


def known_statuses(number: BusinessNumber, updates: Sequence[StatusUpdate]) -> list[StatusUpdate]:
    """Those of many statuses whose message is known, by its wamid or by our id of it."""
    sent = Message.objects.filter(business_number=number, direction=Direction.OUTBOUND)
    wamids = set(sent.filter(wamid__in=[one.wamid for one in updates]).values_list("wamid", flat=True))
    keys = {one.message_key: pk for one in updates if (pk := whole_number(one.message_key)) is not None}
    pks = set(sent.filter(pk__in=keys.values()).values_list("pk", flat=True)) if keys else set()
    return [one for one in updates if one.wamid in wamids or keys.get(one.message_key) in pks]


def keep_waiting(updates: Sequence[StatusUpdate]) -> None:
    """Store many statuses whose message is not known. Each waits for it, as a single one does."""
    # In one order everywhere: two deliveries of a body must not wait for each other.
    rows = sorted(updates, key=lambda update: (update.wamid, update.status))
    StatusUpdate.objects.bulk_create(rows, ignore_conflicts=True)


def advance(customer: Customer, message: Message, update: StatusUpdate) -> None:
    """Apply one update to a message of a customer whom this transaction has locked."""
    before, answered_before = status_data(message), answered_at(message)
    other_attempt = message.wamid is not None and message.wamid != update.wamid
    if update.status == Status.FAILED and (other_attempt or message.status == Status.QUEUED):
        return  # the failure of an earlier attempt says nothing about the current one
    if message.wamid is None:
        message.wamid = update.wamid
    if update.status in Status.values:
        _set_time(message, Status(update.status), update.at)
        if message.may_become(update.status):
            message.status = update.status
            message.error = update.error if update.status == Status.FAILED else None
    note_owner(customer, message, before=answered_before)
    write_status(message)
    end_waiting(customer, message, before=answered_before)
    after = status_data(message)
    if after != before:
        record(customer, "message_status", after)
        if after["status"] == Status.FAILED:
            log_failure(message.pk, message.error)
            withdraw_reaction(customer, message)


def _set_time(message: Message, status: Status, at: datetime) -> None:
    field = TIME_FIELD.get(status)
    if field is not None and getattr(message, field) is None:
        setattr(message, field, at)
    if status in (Status.READ, Status.PLAYED) and message.delivered_at is None:
        message.delivered_at = at  # read implies delivered, and no status says so any more


def apply_waiting(customer: Customer, message: Message) -> None:
    """Apply the statuses that were waiting for this message, oldest first."""
    for update in StatusUpdate.objects.of(message).order_by("at", "pk"):
        StatusUpdate.objects.filter(pk=update.pk).update(message=message)
        advance(customer, message, update)


def settle_waiting(limit: int = 200) -> int:
    """Apply waiting statuses whose message is known by now; return how many messages they were about.

    Needed when a status looked for its message just before the wamid of the message was stored.
    """
    since = timezone.now() - _WAITS_FOR
    if not any_row(_WAITING, since):
        return 0
    known = Message.objects.filter(business_number=OuterRef("business_number"), wamid=OuterRef("wamid"))
    recent = StatusUpdate.objects.waiting().filter(received_at__gt=since)
    found = {pk for update in recent.filter(Exists(known))[:limit] if (pk := _find(update)) is not None}
    customers = dict(Message.objects.filter(pk__in=found).values_list("pk", "customer_id"))
    held: set[int] = set()
    for message_id, customer_id in customers.items():
        # Somebody who is held keeps the relay waiting once, however many messages they have.
        if customer_id not in held:
            held.add(customer_id)
            with passing_busy(f"the status of message {message_id}"), patience(_LOCK_SECONDS):
                _settle(message_id)
                held.discard(customer_id)
    return len(customers)


@transaction.atomic
def _settle(message_id: int) -> None:
    try:
        customer = lock_customer_of(Message.objects.filter(pk=message_id))
    except Customer.DoesNotExist:  # erased meanwhile, with the message
        return
    apply_waiting(customer, Message.objects.get(pk=message_id))
