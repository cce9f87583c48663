"""Locking customers: the first step of every change to one."""

from collections.abc import Iterable

from accounts.models import User
from core.filters import possible_ids
from customers.models import Customer, CustomerQuerySet


def lock(customer_id: int, *, actor: User | None = None, own: bool = False, deleting: bool = False) -> Customer:
    """Lock a customer until the transaction ends and return them as they are now.

    The customer must be on the actor's desk or, with `own`, be the actor. `actor` None means Patter itself, which may
    lock everybody. Rights are checked after waiting for the lock: a customer who was just assigned to somebody else is
    not found. Inserts of rows that point at the customer do not wait for the lock unless it is for `deleting`.
    Raises CustomerNotFound.
    """
    return _visible_to(actor, own).select_for_update(no_key=not deleting).or_404(customer_id)


def lock_all(customer_ids: Iterable[int], *, actor: User | None = None, own: bool = False) -> list[Customer]:
    """`lock` for several customers, in order of id so that two callers cannot deadlock. Leaves out those not found."""
    customers = _visible_to(actor, own).select_for_update(no_key=True)
    return list(customers.filter(pk__in=possible_ids(customer_ids)).order_by("pk"))


def _visible_to(actor: User | None, own: bool) -> CustomerQuerySet:
    if actor is None:
        return Customer.objects.all()
    return Customer.objects.visible_to(actor) if own else Customer.objects.at_desk_of(actor)
