"""A salesperson leaves: their customers get another owner, or none."""

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Role, User
from core.faults import fault
from customers.actions.assignments import lock_seller, reassign_all, unlink_login
from customers.actions.locking import lock_all
from customers.models import Customer
from messaging.load import Turns
from messaging.models import Conversation, PendingRoute

# Customers in one transaction: their chats, and on SQLite every writer, wait for no more than these.
BATCH = 100


def leave(*, user: User, actor: User | None) -> None:
    """Give all customers of a login that no longer sells to others (setting ON_LOGIN_REMOVED).

    They go to the login's `successor`. If there is none, or the successor no longer sells either, chats with something
    unread or unanswered go round among the active salespeople if ASSIGNMENT_STRATEGY says so, and the others have no
    owner. A batch at a time: when it is interrupted, the relay goes on with what is left (messaging/relay/leavers.py).
    Customers whom somebody else holds come last. Raises OperationalError if one of them is held for too long.
    The customer whose own login this is has none from then on.
    """
    if user.role == Role.CUSTOMER:
        unlink_login(user=user, actor=actor)
    owned = Customer.objects.filter(owner=user).order_by("pk").values_list("pk", flat=True)
    held: list[int] = []
    after = 0
    while ids := list(owned.filter(pk__gt=after)[:BATCH]):
        given = _reassign(ids, user, actor, skip_locked=True)
        if given is None:
            return
        held += [pk for pk in ids if pk not in given]
        after = ids[-1]
        fault("L1")
    # Nobody waits for these any more.
    for pk in held:
        if _reassign([pk], user, actor) is None:
            return


@transaction.atomic
def _reassign(
    customer_ids: list[int], leaving: User, actor: User | None, *, skip_locked: bool = False
) -> set[int] | None:
    """Hand over one batch, and return the ids of those who could be locked.

    None: the login sells again, and keeps what it has.
    """
    locked = lock_all(customer_ids, skip_locked=skip_locked)
    customers = [customer for customer in locked if customer.owner_id == leaving.pk]
    # Locked: somebody who is activated again keeps what is left.
    leaver = User.objects.select_for_update(no_key=True, of=("self",)).select_related("successor").get(pk=leaving.pk)
    if leaver.sells:
        return None
    if customers:
        owners = _owners([customer.pk for customer in customers], leaver.successor)
        reassign_all(customers, owners, leaving=leaver, actor=actor)
    return {customer.pk for customer in locked}


def _owners(customer_ids: list[int], successor: User | None) -> dict[int, User | None]:
    owners: dict[int, User | None] = dict.fromkeys(customer_ids)
    if successor is not None and successor.sells:
        return dict.fromkeys(customer_ids, lock_seller(successor))
    if settings.ASSIGNMENT_STRATEGY != "manual" and (waiting := _waiting(customer_ids)):
        turns = Turns()
        owners |= {pk: turns.next() for pk in waiting}
        nobodys = [PendingRoute(customer_id=pk, since=timezone.now()) for pk in waiting if owners[pk] is None]
        PendingRoute.objects.bulk_create(nobodys, ignore_conflicts=True)
    return owners


def _waiting(customer_ids: list[int]) -> list[int]:
    """Those of the customers whose chat has something unread, or who wait for an answer."""
    chats = Conversation.objects.filter(customer__in=customer_ids)
    waiting = chats.filter(Q(unread_count__gt=0) | Q(waiting_since__isnull=False))
    return list(waiting.order_by("customer_id").values_list("customer_id", flat=True))
