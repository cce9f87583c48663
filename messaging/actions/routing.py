"""Who gets a customer: when they write and have nobody, and when their salesperson is away for too long."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import QuerySet, TextChoices
from django.utils import timezone

from accounts.models import Availability, User
from core.db.failures import Trouble, trouble_of
from core.live.publishing import wake_relays
from customers.actions.assignments import give, unassign
from customers.actions.locking import lock
from customers.models import Assignment, Customer, Event
from messaging.load import Turns
from messaging.models import Conversation, PendingRoute

logger = logging.getLogger(__name__)


class Reason(TextChoices):
    """Why somebody, or nobody, gets a customer."""

    NAMED = "named", "Named in the request."
    OWNER = "owner", "The customer is theirs already."
    RETURNED = "returned", "Their owner is there again, and nobody has answered meanwhile."
    TIMEOUT = "timeout", "Their owner has been away for too long while they wait."
    ROUND_ROBIN = "round_robin", "Has waited longest for a new customer."
    LEAST_BUSY = "least_busy", "Has the fewest open chats."
    MANUAL = "manual", "Nobody is chosen automatically (ASSIGNMENT_STRATEGY)."
    NOBODY_FREE = "nobody_free", "Everybody is away or has as many open chats as they may (MAX_OPEN_CHATS)."


# The notes of assignments that routing makes.
TIMEOUT, RETURNED = Reason.TIMEOUT.value, Reason.RETURNED.value


@dataclass(frozen=True)
class Choice:
    """Who gets a customer, and why; `replaced` is to get them back."""

    salesperson: User | None
    reason: Reason
    replaced: User | None = None


def route(customer: Customer) -> User | None:
    """Make sure that a customer, locked by this transaction, is somebody's, if somebody can take them; return who.

    An active owner stays. ASSIGNMENT_STRATEGY says who replaces a missing or inactive one (`Turns`). If nobody is free,
    the relay routes the customer as soon as somebody is.
    """
    owner = owner_of(customer)
    if owner is not None:
        return owner
    choice = choose(customer, PendingRoute.objects.filter(customer=customer.pk).first())
    _apply(customer, choice)
    return choice.salesperson


def route_soon(customer: Customer) -> None:
    """`route`, for a webhook: if the salespeople are locked for longer than it may wait, the relay routes soon."""
    try:
        with transaction.atomic():
            route(customer)
    except DatabaseError as error:
        if trouble_of(error) is not Trouble.BUSY:
            raise
        logger.info("customer %d is routed by the relay: %s", customer.pk, error)
        PendingRoute.objects.get_or_create(customer=customer, defaults={"since": timezone.now()})
        wake_relays()


@transaction.atomic
def reroute(customer_id: int) -> None:
    """Route a customer whom the relay was asked to route, or whose owner is away. Raises CustomerNotFound."""
    customer = lock(customer_id)
    pending = PendingRoute.objects.filter(customer=customer.pk).first()
    if pending is not None and _left_without_owner(customer, pending):
        pending.delete()
        return
    choice = choose(customer, pending)
    _apply(customer, choice)
    still_out = choice.reason == Reason.OWNER and _may_return(customer, pending)
    if choice.reason not in (Reason.NOBODY_FREE, Reason.TIMEOUT) and not still_out:
        PendingRoute.objects.filter(customer=customer.pk).delete()


def owner_of(customer: Customer) -> User | None:
    """The owner of a customer, if that one still sells."""
    return User.objects.sellers().filter(pk=customer.owner_id).first() if customer.owner_id is not None else None


def choose(customer: Customer, pending: PendingRoute | None, *, turns: Turns | None = None) -> Choice:
    """Who would get a customer now. Without `turns` the salespeople are locked, for whoever then gives the customer."""
    home = _home(customer, pending)
    if home is not None and home.availability == Availability.ONLINE:
        return Choice(home, Reason.RETURNED)
    owner = owner_of(customer)
    timed_out = owner if owner is not None and away_too_long(customer, owner) else None
    if owner is not None and timed_out is None:
        return Choice(owner, Reason.OWNER)
    if settings.ASSIGNMENT_STRATEGY == "manual":
        return Choice(owner, Reason.OWNER) if owner is not None else Choice(None, Reason.MANUAL)
    seller = (turns or Turns()).next(besides=customer.owner_id)
    stands_in, replaced = home is not None or timed_out is not None, timed_out if home is None else None
    if seller is None:
        return Choice(None, Reason.NOBODY_FREE, replaced)
    return Choice(seller, Reason.TIMEOUT if stands_in else Reason(settings.ASSIGNMENT_STRATEGY), replaced)


def away_too_long(customer: Customer, owner: User) -> bool:
    """Whether the owner has been away for RETURN_AFTER_MINUTES (0: however long) while the customer waited.

    Nor was the owner chosen by hand since then.
    """
    if not settings.RETURN_AFTER_MINUTES or owner.availability != Availability.AWAY:
        return False
    limit = timezone.now() - timedelta(minutes=settings.RETURN_AFTER_MINUTES)
    waiting = Conversation.objects.filter(customer=customer.pk, waiting_since__lte=limit).exists()
    gone = owner.availability_since is None or owner.availability_since <= limit
    return waiting and gone and not chosen_by_hand_since(limit).filter(customer=customer.pk).exists()


def chosen_by_hand_since(limit: datetime) -> "QuerySet[Assignment]":
    """Who was given a customer by somebody, or claimed one, though they are away: they have as long as everybody."""
    return Assignment.objects.filter(ended_at=None, assigned_by__isnull=False, assigned_at__gt=limit)


def _home(customer: Customer, pending: PendingRoute | None) -> User | None:
    """The salesperson to whom the customer returns when that one is there again."""
    if pending is None or pending.returns_to_id is None or pending.returns_to_id == customer.owner_id:
        return None
    if not _may_return(customer, pending):
        return None
    home: User | None = User.objects.sellers().filter(pk=pending.returns_to_id).first()
    return home


def _may_return(customer: Customer, pending: PendingRoute | None) -> bool:
    """Whether nobody has answered since the owner was replaced, and nobody else was chosen by hand."""
    if pending is None or pending.returns_to_id is None:
        return False
    if customer.owner_id is not None:
        stands_in = Assignment.objects.filter(customer=customer.pk, ended_at=None, note=TIMEOUT, assigned_by=None)
        if not stands_in.exists():
            return False
    return Conversation.objects.filter(customer=customer.pk, waiting_since__lte=pending.since).exists()


def _left_without_owner(customer: Customer, pending: PendingRoute) -> bool:
    """Whether somebody took the customer from their owner since then, and gave them to nobody: nor does routing."""
    if customer.owner_id is not None:
        return False
    changes = Event.objects.filter(customer=customer, type="assignment_changed", created_at__gt=pending.since)
    last = changes.order_by("-seq").first()
    if last is None or last.actor_id is None:
        return False
    # Whoever makes somebody leave does not choose who gets their customers.
    return User.objects.sellers().filter(pk=last.data["salesperson"]["id"]).exists()


def _apply(customer: Customer, choice: Choice) -> None:
    """Give a locked customer to whom they were chosen for."""
    note = choice.reason.value if choice.reason in (Reason.TIMEOUT, Reason.RETURNED) else ""
    now = timezone.now()
    if choice.replaced is not None:
        returning = {"since": now, "returns_to": choice.replaced}
        PendingRoute.objects.update_or_create(customer=customer, defaults=returning)
    elif choice.reason == Reason.NOBODY_FREE:
        PendingRoute.objects.get_or_create(customer=customer, defaults={"since": now})
    if choice.salesperson is None:
        if customer.owner_id is not None:
            unassign(customer, actor=None)
    elif choice.salesperson.pk != customer.owner_id:
        give(customer, choice.salesperson, note=note)
