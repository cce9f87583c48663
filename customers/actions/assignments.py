"""Assigning customers to salespeople."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core.db.compiled import Compiled, Insert
from core.db.together import Write, write_together
from customers.actions.locking import lock, lock_all
from customers.errors import AlreadyClaimed
from customers.events import NOBODY, record, record_all
from customers.models import Assignment, Customer, CustomerMerged, CustomerNotFound
from customers.serializers.assignments import assignment_event_data
from customers.serializers.customers import customer_event_data
from customers.visibility import has_on_desk

# By hand, or compiled once: every chat that is handed over comes here (docs/decisions/005-hand-written-sql.md).
INSERT_ASSIGNMENT = Insert(Assignment)
_END_OPEN = f"UPDATE {Assignment._meta.db_table} SET ended_at = %s WHERE customer_id = %s AND ended_at IS NULL"
_SET_OWNER = f"UPDATE {Customer._meta.db_table} SET owner_id = %s, updated_at = %s WHERE id = %s"
_FREE_SELLER = Compiled(
    lambda pk: User.objects.sellers().select_for_update(no_key=True, skip_locked=True).filter(pk=pk)
)


@transaction.atomic
def assign(*, customer_id: int, salesperson: User, actor: User | None, note: str = "") -> Assignment:
    """Make `salesperson` the owner of a customer and return the new assignment.

    Raises Http404 for a customer that the actor may not see, ValidationError when `salesperson` is not an active
    salesperson or already owns the customer.
    """
    return hand_over(lock(customer_id, actor=actor), salesperson, actor=actor, note=note)


def hand_over(customer: Customer, salesperson: User, *, actor: User | None, note: str = "") -> Assignment:
    """`assign` for a customer that this transaction has locked."""
    seller = lock_seller(salesperson)
    refuse_owner(customer, seller)
    return _open(customer, seller, actor=actor, note=note)


def refuse_owner(customer: Customer, salesperson: User) -> None:
    """Raise ValidationError if the customer is the salesperson's already."""
    if customer.owner_id == salesperson.pk:
        raise ValidationError({"salesperson": [f"This customer is already assigned to {salesperson.name}."]})


def lock_seller(salesperson: User) -> User:
    """Return `salesperson`, locked: a login that is being removed right now must not become an owner.

    Raises ValidationError unless they are an active salesperson.
    """
    seller: User | None = _FREE_SELLER.first(pk=salesperson.pk)
    if seller is None:
        # Somebody else holds them, or they are none.
        seller = User.objects.sellers().select_for_update(no_key=True).filter(pk=salesperson.pk).first()
    if seller is None:
        raise ValidationError({"salesperson": ["Only an active salesperson can own customers."]})
    return seller


@transaction.atomic
def end_assignment(*, assignment: Assignment, actor: User) -> None:
    """End an assignment. Its customer then has no owner.

    Raises Http404 when the customer is not on the actor's desk, ValidationError when the assignment has ended already.
    """
    customer = lock(assignment.customer_id, actor=actor)
    if not customer.assignments.open().filter(pk=assignment.pk).exists():
        raise ValidationError({"detail": "This assignment has already ended."})
    unassign(customer, actor=actor)


def claim(*, customer_id: int, actor: User, asked_at: datetime) -> None:
    """Take a customer whom nobody has. The first wins. Nothing happens if they are the actor's already.

    Do not call it in a transaction: what the actor sees is looked up before it waits for others who ask as well.
    Raises Http404 for a customer whom the actor does not see, AlreadyClaimed when somebody else was first after
    `asked_at`, and ValidationError for admins, who own nobody.
    """
    try:
        Customer.objects.at_desk_of(actor).or_404(customer_id)
    except CustomerMerged:
        raise
    except CustomerNotFound:
        raise _beaten(customer_id, actor, asked_at) or CustomerNotFound
    if not actor.is_sales:
        raise ValidationError({"detail": "Only salespeople can claim a customer. Assign the customer to one instead."})
    with transaction.atomic():
        customer = lock(customer_id)
        if customer.owner_id == actor.pk:
            return
        if customer.owner is not None:
            raise AlreadyClaimed(customer.owner)
        _open(customer, lock_seller(actor), actor=actor, note="", verb="customer_claimed")


def _beaten(customer_id: int, actor: User, asked_at: datetime) -> AlreadyClaimed | None:
    """Who took a customer whom nobody had, and the actor saw, when the actor asked; None if somebody had them then."""
    had = Assignment.objects.filter(Q(ended_at=None) | Q(ended_at__gt=asked_at), customer=customer_id)
    had = had.filter(customer__date_joined__lte=asked_at)
    first = had.select_related("salesperson").order_by("assigned_at", "pk").first()
    if first is None or first.assigned_at <= asked_at or not has_on_desk(actor, None):
        return None
    return AlreadyClaimed(first.salesperson)


def give(customer: Customer, salesperson: User, *, note: str = "") -> Assignment:
    """Make a salesperson, locked by this transaction like the customer, the owner: not somebody's act, but routing."""
    return _open(customer, salesperson, actor=None, note=note)


@transaction.atomic
def unlink_login(*, user: User, actor: User | None) -> None:
    """Leave the customer of a login that is being removed without one. They may register again."""
    for customer in lock_all(Customer.objects.filter(user=user).values_list("pk", flat=True)):
        customer.user = None
        customer.save(update_fields=["user", "updated_at"])
        record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb="login_unlinked")


def reassign_all(
    customers: Sequence[Customer], owners: Mapping[int, User | None], *, leaving: User, actor: User | None
) -> None:
    """Give customers of somebody who leaves to others, in a handful of statements for all of them.

    The customers are locked by this transaction and owned by `leaving`; `owners` says by id who gets each, None for
    nobody. Records `assignment_changed` for each.
    """
    now = timezone.now()
    ids = [customer.pk for customer in customers]
    running = Assignment.objects.filter(customer__in=ids, ended_at=None)
    ended = {one.customer_id: one for one in running.select_related("salesperson", "assigned_by")}
    running.update(ended_at=now)
    opened = Assignment.objects.bulk_create(
        Assignment(customer=customer, salesperson=owner, assigned_by=actor, assigned_at=now)
        for customer in customers
        if (owner := owners[customer.pk]) is not None
    )
    data = {}
    for customer in customers:
        # An owner from before assignments were recorded has none that is running.
        one = ended.get(customer.pk) or Assignment(customer=customer, salesperson=leaving, assigned_at=now)
        one.ended_at = now
        data[customer.pk] = assignment_event_data(one, None)
    data |= {one.customer_id: assignment_event_data(one, one.salesperson) for one in opened}
    for owner in set(owners.values()):
        theirs = [customer.pk for customer in customers if owners[customer.pk] == owner]
        Customer.objects.filter(pk__in=theirs).update(owner=owner, updated_at=now)
    for customer in customers:
        customer.owner = owners[customer.pk]
    record_all(customers, "assignment_changed", data, actor=actor, previous_owner_id=leaving.pk)


def _open(customer: Customer, salesperson: User, *, actor: User | None, note: str, verb: str = "") -> Assignment:
    """Replace the open assignment of a locked customer by a new one."""
    previous_owner_id = customer.owner_id or NOBODY
    now = timezone.now()
    _set_owner(customer, salesperson, _end_open(customer, now))
    assignment = Assignment(customer=customer, salesperson=salesperson, assigned_by=actor, note=note, assigned_at=now)
    INSERT_ASSIGNMENT.save(assignment)
    _record(customer, assignment, actor=actor, previous_owner_id=previous_owner_id, verb=verb)
    return assignment


def unassign(customer: Customer, *, actor: User | None) -> None:
    """End the open assignment of a locked customer who has an owner."""
    previous_owner_id, now = customer.owner_id, timezone.now()
    assignment = customer.assignments.open().select_related("salesperson", "assigned_by").first()
    if assignment is None:  # an owner from before assignments were recorded
        assignment = Assignment(customer=customer, salesperson=customer.owner, assigned_at=now)
    assignment.ended_at = now
    _set_owner(customer, None, _end_open(customer, now))
    _record(customer, assignment, actor=actor, previous_owner_id=previous_owner_id)


def _set_owner(customer: Customer, owner: User | None, *also: Write) -> None:
    customer.owner, customer.updated_at = owner, timezone.now()
    at = connection.ops.adapt_datetimefield_value(customer.updated_at)
    write_together(*also, (_SET_OWNER, [customer.owner_id, at, customer.pk]))


def _end_open(customer: Customer, at: datetime) -> Write:
    return _END_OPEN, [connection.ops.adapt_datetimefield_value(at), customer.pk]


def _record(customer: Customer, assignment: Assignment, **announced: Any) -> None:
    record(customer, "assignment_changed", assignment_event_data(assignment, customer.owner), **announced)
