"""Locking customers. Whoever changes something of a customer does this first, and then asks nothing twice."""

from collections.abc import Iterable

from accounts.models import User
from core.filters import possible_ids
from customers.models import Customer, CustomerQuerySet


def lock(customer_id: int, *, actor: User | None = None, own: bool = False, deleting: bool = False) -> Customer:
    """Lock a customer until the transaction ends and return them as they are now.

    The customer must be on the actor's desk or, with `own`, be the actor's own; `actor` None is Patter itself and may
    lock everybody. The right is asked again after waiting for the lock: a customer who was handed to somebody else a
    moment ago is not found. The lock is the weaker one, so that inserts pointing at the customer do not wait for it,
    unless the customer is to be deleted. Raises CustomerNotFound.
    """
    return _seen_by(actor, own).select_for_update(no_key=not deleting).or_404(customer_id)


def lock_all(customer_ids: Iterable[int], *, actor: User | None = None, own: bool = False) -> list[Customer]:
    """`lock` for several, in order of id so that two of us cannot wait for each other. Those not found are left out."""
    customers = _seen_by(actor, own).select_for_update(no_key=True)
    return list(customers.filter(pk__in=possible_ids(customer_ids)).order_by("pk"))


def _seen_by(actor: User | None, own: bool) -> CustomerQuerySet:
    if actor is None:
        return Customer.objects.all()
    return Customer.objects.visible_to(actor) if own else Customer.objects.at_desk_of(actor)
