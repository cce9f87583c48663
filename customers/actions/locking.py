"""Locking customers: the first step of every change to one."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from core.db.compiled import Compiled
from core.db.queues import Queues
from core.filters import MAX_ID, possible_ids
from customers.models import Customer, CustomerMerged, CustomerNotFound, CustomerQuerySet
from customers.visibility import DeskQuery

# A merge that is waited for moves the row once; a second look finds it. More are for undoing it at that moment.
_LOOKS = 4

_queues = Queues()


def lock(customer_id: int, *, actor: User | None = None, own: bool = False, deleting: bool = False) -> Customer:
    """Lock a customer until the transaction ends and return them as they are now.

    The customer must be on the actor's desk or, with `own`, be the actor. `actor` None means Patter itself, which may
    lock everybody. Rights are checked after waiting for the lock: a customer who was just assigned to somebody else is
    not found. Inserts of rows that point at the customer do not wait for the lock unless it is for `deleting`.
    Raises CustomerNotFound, and CustomerMerged for a row that became part of another customer; OperationalError if
    somebody else holds the customer for too long (core/db/queues.py).
    """
    found = None if own or deleting else _locked(customer_id, actor)
    if found is None:
        # Also to say why there is none.
        rows = _visible_to(actor, own).select_for_update(no_key=not deleting)
        found = _queues.wait(customer_id, lambda: rows.or_404(customer_id))
    found.remember()
    return found


def lock_with(query: DeskQuery, customer_id: int, *, actor: User, **values: Any) -> Customer:
    """`lock` by a query of the caller's, which brings along what else the caller asks about the customer.

    It must be of `locking` rows and have the parameter `pk`; `values` are for its others. What it brings along may be
    a moment older than the lock.
    """
    found = _locked(customer_id, actor, query, **values)
    if found is None:
        # Waits for whoever holds the customer, or says why there is none.
        lock(customer_id, actor=actor)
        found = _locked(customer_id, actor, query, **values)
    if found is None:
        raise CustomerNotFound
    return found


def locking(customers: CustomerQuerySet) -> CustomerQuerySet:
    """Those of the customers whom nobody else holds, locked until the transaction ends."""
    return customers.select_for_update(no_key=True, skip_locked=True, of=("self",))


# Nearly every write begins with one of these. Prepared, they take a third of the time.
_LOCKED = Compiled(lambda pk: locking(Customer.objects.filter(pk=pk)))
_LOCKED_AT_DESK = DeskQuery(lambda user, pk: locking(Customer.objects.at_desk_of(user).filter(pk=pk)))


def _locked(customer_id: int, actor: User | None, query: DeskQuery = _LOCKED_AT_DESK, **values: Any) -> Customer | None:
    """The customer, locked; None if somebody else holds them, or there is none."""
    if not connection.in_atomic_block or abs(customer_id) > MAX_ID:
        return None
    found: Customer | None
    found = _LOCKED.first(pk=customer_id) if actor is None else query.first(actor, pk=customer_id, **values)
    return found


def lock_all(
    customer_ids: Iterable[int], *, actor: User | None = None, own: bool = False, skip_locked: bool = False
) -> list[Customer]:
    """`lock` for several customers, in order of id so that two callers cannot deadlock. Leaves out those not found.

    With `skip_locked` also those whom somebody else holds, without waiting for them.
    """
    ids = possible_ids(customer_ids)
    rows = _visible_to(actor, own).select_for_update(no_key=True, skip_locked=skip_locked)
    rows = rows.filter(pk__in=ids).order_by("pk")
    found = list(rows) if skip_locked or not ids else _queues.wait(min(ids), lambda: list(rows))
    for customer in found:
        customer.remember()
    return found


def lock_customer_of(rows: "QuerySet[Any]", *, path: str = "customer_id", actor: User | None = None) -> Customer:
    """`lock` for the customer behind the one row of a queryset; `path` leads from the row to the customer's id.

    A merge, or its undoing, that this waited for may have moved the row: then the customer who has it now is locked.
    Raises CustomerNotFound, also when the row is gone.
    """
    for _ in range(_LOOKS):
        customer_id = rows.values_list(path, flat=True).first()
        if customer_id is None:
            break
        try:
            customer = lock(customer_id, actor=actor)
        except CustomerMerged:
            continue
        if rows.filter(**{path: customer_id}).exists():
            return customer
    raise CustomerNotFound


def _visible_to(actor: User | None, own: bool) -> CustomerQuerySet:
    if actor is None:
        return Customer.objects.all()
    return Customer.objects.visible_to(actor) if own else Customer.objects.at_desk_of(actor)
