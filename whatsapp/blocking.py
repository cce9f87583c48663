"""Blocking customers at Meta: asked for here, and done by the relay (whatsapp/block_requests.py)."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.live.publishing import wake_relays
from customers.actions.blocking import note_blocked
from customers.actions.locking import lock
from whatsapp.models import Block


@transaction.atomic
def block_customer(*, customer_id: int, actor: User) -> None:
    """Block a customer on the actor's desk: nothing can be sent to them from now on, and Meta is asked within seconds.

    If Meta refuses, they are not blocked after all, and `block_error` says why. Raises Http404.
    """
    customer = lock(customer_id, actor=actor)
    note_blocked(customer, blocked_at=customer.blocked_at or timezone.now(), actor=actor, verb="customer_blocked")
    ask_meta([customer.pk])


@transaction.atomic
def unblock_customer(*, customer_id: int, actor: User) -> None:
    """Unblock a customer on the actor's desk. If Meta refuses, they stay blocked. Raises Http404."""
    customer = lock(customer_id, actor=actor)
    note_blocked(customer, blocked_at=None, actor=actor, verb="customer_unblocked")
    ask_meta([customer.pk])


def ask_meta(customer_ids: Iterable[int]) -> None:
    """Have Meta asked to block these customers, or to unblock them: their rows say what is wanted."""
    now = timezone.now()
    Block.objects.bulk_create(
        [Block(customer_id=pk, due=True, not_before=now) for pk in customer_ids],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["due", "attempts", "not_before", "lease_until", "claim_token"],
    )
    wake_relays()
