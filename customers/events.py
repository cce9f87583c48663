"""The log of what happened to each customer. Live screens show what it says.

Every change to a customer, their chat, tags or assignment is an event. Each customer's events are numbered without gaps
and written in the transaction of the change. The channel layer only tells sockets that there is something new.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

from django.db import connection, transaction
from django.db.models import F, Model
from django.utils import timezone

from accounts.audit import audit_all, audit_write
from accounts.serializers import user_ref
from core.changes import Changes
from core.db.together import Write, write_together
from core.live.groups import DESK, customer_group
from core.live.hub import Hint
from core.live.publishing import publish_all, publish_on_commit
from core.shapes import Ref, Time
from core.timestamps import aware, iso
from customers.models import Customer, Event


class Frame(TypedDict):
    """A recorded event, as the chat socket sends it."""

    type: str
    seq: int
    at: Time
    actor: Annotated[Ref | None, "who did it; null for what nobody with a login did"]
    data: Annotated[Mapping[str, Any], "what happened (docs/realtime.md)"]


# Written by hand because every webhook and every send ends here: the ORM takes twice the time
# (docs/decisions/005-hand-written-sql.md).
_ADVANCE = f"UPDATE {Customer._meta.db_table} SET last_seq = %s, desk_at = %s WHERE id = %s"
_APPEND = (
    f"INSERT INTO {Event._meta.db_table} (customer_id, seq, type, data, actor_id, created_at) "
    "VALUES (%s, %s, %s, %s, %s, %s)"
)

# As `previous_owner_id`: it was nobody's until now.
NOBODY = 0

# The columns `record` and arriving messages need, for hot paths that lock a customer in a statement of their own.
LOG_FIELDS = ("id", "owner_id", "blocked_at", "last_seq", "desk_at")


def customer_of_row(row: Sequence[Any]) -> Customer:
    """Make a customer from LOG_FIELDS as a cursor returns them. Other fields load when they are used."""
    pk, owner_id, blocked_at, last_seq, desk_at = row
    # In the order of the model.
    values = (pk, owner_id, blocked_at and aware(blocked_at), last_seq, aware(desk_at))
    customer: Customer = Customer.from_db(connection.alias, LOG_FIELDS, values)
    return customer


def record(
    customer: Customer,
    type: str,
    data: Mapping[str, Any],
    *,
    actor: Any = None,
    previous_owner_id: int | None = None,
    verb: str | None = "",
    about: Model | None = None,
    changes: Changes | None = None,
    also: Sequence[Write] = (),
) -> Any:
    """Append an event to a customer that this transaction has locked, and announce it on commit.

    What an `actor` does also gets an entry in the audit trail (accounts/audit.py): `verb`, or else the type of the
    event, was done to the row `about`, or else to the customer; `changes` are that row's, or else what changed in the
    customer since they were locked. Without an entry if `verb` is None: the caller makes one.

    `data` holds JSON values and no URLs (URLs differ per user and are added on rendering). `previous_owner_id` is the
    salesperson who loses the customer with this change, or NOBODY. Nobody is told so of a row that nobody has seen yet
    (`note_unseen`). Also saves the customer's `desk_at`, so that a message does not need another statement for it.
    `also` is what the caller writes in the same statement, about other rows; the answer of the last of them is returned
    (core/db/together.py).
    """
    now = timezone.now()
    customer.last_seq += 1
    said = [customer.pk, customer.last_seq, type, json.dumps(data), actor.pk if actor else None, _adapt(now)]
    writes = [(_ADVANCE, [customer.last_seq, _adapt(customer.desk_at), customer.pk]), (_APPEND, said)]
    if actor is not None and verb is not None:
        since = customer.changes() if changes is None else changes
        writes.append(audit_write(verb or type, about or customer, actor=actor, customer=customer.pk, changes=since))
    answer = write_together(*writes, *also)
    if previous_owner_id is not None and _is_unseen(customer.pk):
        previous_owner_id = None
    announce(customer, _frame(type, customer.last_seq, now, actor, data), previous_owner_id=previous_owner_id)
    return answer


def record_all(
    customers: Collection[Customer],
    type: str,
    data: Mapping[int, Mapping[str, Any]],
    *,
    actor: Any = None,
    previous_owner_id: int | None = None,
    verb: str | None = "",
    changes: Mapping[int, Changes] | None = None,
) -> None:
    """`record` for many customers that this transaction has locked, in a handful of statements for all of them.

    None of them may be new (`note_unseen`). `data` and `changes` are keyed by customer id. `verb` is that of `record`.
    """
    now = timezone.now()
    Customer.objects.filter(pk__in=[customer.pk for customer in customers]).update(last_seq=F("last_seq") + 1)
    for customer in customers:
        customer.last_seq += 1
    events = Event.objects.bulk_create(
        Event(customer=customer, seq=customer.last_seq, type=type, data=data[customer.pk], actor=actor, created_at=now)
        for customer in customers
    )
    if actor is not None and verb is not None:
        known = {customer.pk: customer.changes() for customer in customers} if changes is None else changes
        audit_all(verb or type, [(one, one.pk, known.get(one.pk, {})) for one in customers], actor=actor)
    for customer, event in zip(customers, events, strict=True):
        announce(customer, frame_of(event), previous_owner_id=previous_owner_id)


def _adapt(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def frame_of(event: Event) -> Frame:
    """A recorded event as sockets and the events endpoint show it."""
    return _frame(event.type, event.seq, event.created_at, event.actor, event.data)


def _frame(type: str, seq: int, at: datetime, actor: Any, data: Mapping[str, Any]) -> Frame:
    return {"type": type, "seq": seq, "at": iso(at), "actor": user_ref(actor), "data": data}


class _Unseen:
    """Waits for the commit with what is told then, and is forgotten with it if this is rolled back, also in part."""

    def __init__(self, customer_id: int) -> None:
        self.customer_id = customer_id

    def __call__(self) -> None:
        """From now on others see the row."""


def note_unseen(customer: Customer) -> None:
    """Note that nobody sees the row of a customer before this transaction commits: it made it, or undoes its merge."""
    transaction.on_commit(_Unseen(customer.pk))


def _is_unseen(customer_id: int) -> bool:
    backend: Any = connection
    awaited = (follows for _, follows, *_ in backend.run_on_commit)
    return any(isinstance(one, _Unseen) and one.customer_id == customer_id for one in awaited)


def announce(customer: Customer, frame: Frame, *, previous_owner_id: int | None = None) -> None:
    """Publish a recorded frame on commit, with the owner the customer has by then."""

    def tell() -> None:
        told = {"type": "frame", "owner": customer.owner_id, "frame": frame}
        changed = {**_row_changed(customer.pk, previous_owner_id), "event": frame["type"], "seq": frame["seq"]}
        publish_all([(customer_group(customer.pk), told), (DESK, changed)])

    transaction.on_commit(tell)


def announce_gone(customer_id: int, owner_id: int | None) -> None:
    """Tell everybody on commit that a customer's row is gone. `owner_id` is the last owner."""
    publish_on_commit(customer_group(customer_id), {"type": "erased"})
    publish_on_commit(DESK, _row_changed(customer_id, owner_id or NOBODY))


def announce_merged(customer_id: int) -> None:
    """Tell the open sockets of a customer's chat on commit that the row became part of another one.

    Call it before anything is recorded for either customer: sockets close with the reason that they hear first.
    """
    publish_on_commit(customer_group(customer_id), {"type": "merged"})


def _row_changed(customer_id: int, lost_by: int | None) -> Hint:
    """What the desks are told: load this row again; the user with the id `lost_by`, or NOBODY, no longer has it."""
    return {"type": "changed", "customer": customer_id, "gone": lost_by}
