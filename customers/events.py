"""The log of what happened to a customer: the truth behind every live screen.

Every change to a customer, their chat, tags or assignment is an event with a gapless number per customer,
written in the transaction of the change. The channel layer only says that there is something to look at.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from core import live
from core.file_links import Links
from core.ports import named_port
from core.prepared import prepared_cursor
from core.times import aware, iso
from customers.models import Customer, Event

INBOX = "inbox"

Frame = dict[str, Any]

# Written by hand because every webhook and every send ends here: the ORM costs twice the time
# (reference/performance.md, section 2).
_ADVANCE = f"UPDATE {Customer._meta.db_table} SET last_seq = %s, desk_at = %s WHERE id = %s"
_APPEND = (
    f"INSERT INTO {Event._meta.db_table} (customer_id, seq, type, data, actor_id, created_at) "
    "VALUES (%s, %s, %s, %s, %s, %s)"
)

# What `record` needs of a customer, for statements on hot paths that lock one along with something else.
LOG_FIELDS = ("id", "owner_id", "last_seq", "desk_at")


def chat_group(customer_id: int) -> str:
    """The live group of one customer's chat."""
    return f"customer.{customer_id}"


def lock(customer_id: int) -> Customer:
    """Lock a customer's row until the transaction ends and return it as it is now.

    Whoever changes anything of a customer does this first. Raises Customer.DoesNotExist.
    The lock is the weaker one (`no_key`), so that inserts pointing at the customer do not wait for it.
    """
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def customer_of_row(row: Sequence[Any]) -> Customer:
    """Make a customer of LOG_FIELDS as a cursor gave them; the other fields load when they are asked for."""
    pk, owner_id, last_seq, desk_at = row
    customer: Customer = Customer.from_db(connection.alias, LOG_FIELDS, (pk, owner_id, last_seq, aware(desk_at)))
    return customer


def lock_all(customer_ids: Iterable[int]) -> list[Customer]:
    """Lock several customers, in order of id so that two of us cannot wait for each other."""
    locked = Customer.objects.select_for_update(no_key=True).filter(pk__in=list(customer_ids)).order_by("pk")
    return list(locked)


def record(
    customer: Customer,
    type: str,
    data: dict[str, Any],
    *,
    actor: Any = None,
    previous_owner_id: int | None = None,
) -> Frame:
    """Append an event to a customer whom this transaction has locked, announce it on commit, return its frame.

    `data` holds JSON values and no URLs (those are per user and added when rendered).
    `previous_owner_id` names the salesperson who loses the customer with this change. The customer's
    `desk_at` is written along, so that a message costs no statement more.
    """
    now = timezone.now()
    customer.last_seq += 1
    with prepared_cursor() as cursor:
        cursor.execute(_ADVANCE, [customer.last_seq, _adapt(customer.desk_at), customer.pk])
        cursor.execute(
            _APPEND,
            [customer.pk, customer.last_seq, type, json.dumps(data), actor.pk if actor else None, _adapt(now)],
        )
    frame = {"type": type, "seq": customer.last_seq, "at": iso(now), "data": data}
    announce(customer, frame, previous_owner_id=previous_owner_id)
    return frame


def record_all(
    customers: Collection[Customer], type: str, data: Mapping[int, dict[str, Any]], *, actor: Any = None
) -> None:
    """`record` for many customers whom this transaction has locked, in two statements for all of them.

    `data` goes by the customers' ids.
    """
    now = timezone.now()
    Customer.objects.filter(pk__in=[customer.pk for customer in customers]).update(last_seq=F("last_seq") + 1)
    for customer in customers:
        customer.last_seq += 1
    events = Event.objects.bulk_create(
        Event(customer=customer, seq=customer.last_seq, type=type, data=data[customer.pk], actor=actor, created_at=now)
        for customer in customers
    )
    for customer, event in zip(customers, events, strict=True):
        announce(customer, frame_of(event))


def _adapt(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def frame_of(event: Event) -> Frame:
    """What sockets and the events endpoint say of a recorded event."""
    return {"type": event.type, "seq": event.seq, "at": iso(event.created_at), "data": event.data}


def render_frame(frame: Frame, links: Links) -> Frame:
    """Add what recorded data leaves out because it is per user: setting FRAME_RENDERERS.

    The very same frame comes back when there is nothing to add.
    """
    if frame["type"] not in settings.FRAME_RENDERERS:
        return frame
    data = named_port("FRAME_RENDERERS", frame["type"])(frame["data"], links)
    return frame if data is frame["data"] else {**frame, "data": data}


def announce(customer: Customer, frame: Frame, *, previous_owner_id: int | None = None) -> None:
    """Publish a recorded frame on commit, naming the owner the customer has by then."""

    def publish() -> None:
        live.publish(chat_group(customer.pk), {"type": "frame", "owner": customer.owner_id, "frame": frame})
        live.publish(INBOX, {"type": "changed", "customer": customer.pk, "gone": previous_owner_id})

    transaction.on_commit(publish)
