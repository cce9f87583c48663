"""Asks Meta to block and unblock people. The relay does it, because it waits for Meta.

A customer may write from several addresses, on several of our numbers: all of them are blocked. Meta answers for each.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.db import leases
from customers.actions.blocking import note_blocked
from customers.actions.locking import lock
from customers.models import CustomerNotFound
from messaging.channels import Halted, Outcome, Rejected, Retry
from messaging.models import BusinessNumber
from whatsapp.access_tokens import access_of
from whatsapp.graph.blocks import Refused, set_blocked
from whatsapp.models import Block, Identity

logger = logging.getLogger(__name__)

LEASE_SECONDS = 120
TRIES = 6

Error = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A claimed row and the token that may finish it."""

    row: Block
    token: UUID


class BlockRequests:
    """The relay's source of people to block or unblock."""

    workers = 1

    def settle(self, *, everything: bool) -> None:
        """Nothing is lost by asking twice: a row whose lease has run out is claimed again."""
        if everything:
            Block.objects.filter(lease_until__isnull=False).update(lease_until=None, claim_token=None)

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: asking twice changes nothing."""
        return 0

    def claim(self, limit: int) -> list[Job]:
        now = timezone.now()
        due = Block.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), due=True, not_before__lte=now)
        return [
            Job(*claimed)
            for claimed in leases.claim_free(due, "due", limit, seconds=LEASE_SECONDS, with_rows=["customer"])
        ]

    def run(self, job: Job) -> None:
        blocked = job.row.customer.blocked_at is not None
        todo = Identity.objects.live().filter(customer=job.row.customer_id, blocked_at__isnull=blocked)
        by_number: dict[BusinessNumber, list[Identity]] = defaultdict(list)
        for identity in todo.select_related("business_number").order_by("pk"):
            by_number[identity.business_number].append(identity)
        errors: list[Error] = []
        for number, identities in by_number.items():
            try:
                refused = _asked(number, identities, blocked=blocked)
            except Outcome as outcome:
                if not isinstance(outcome, Rejected | Halted) and job.row.attempts < TRIES:
                    return _again(job, outcome)
                errors.append(_words(outcome))
            else:
                errors += refused.values()
        _finish(job, blocked=blocked, error=errors[0] if errors else None)


def _asked(number: BusinessNumber, identities: list[Identity], *, blocked: bool) -> Refused:
    """Ask Meta, and note what it did. Raises an Outcome."""
    access = None if settings.WHATSAPP_SANDBOX else access_of(number)
    if access is None and not settings.WHATSAPP_SANDBOX:
        raise Halted("There is no access token for this number. Add one in Django admin.")
    # The sandbox does as it is told.
    refused = set_blocked(number, access, identities, blocked=blocked) if access is not None else {}
    done = [identity.pk for identity in identities if identity.pk not in refused]
    Identity.objects.filter(pk__in=done).update(blocked_at=timezone.now() if blocked else None)
    return refused


def _words(outcome: Outcome) -> Error:
    if isinstance(outcome, Rejected):
        said = (outcome.code, outcome.title, outcome.detail, outcome.retryable)
    elif isinstance(outcome, Retry):
        said = (outcome.code, outcome.title, outcome.detail, True)
    else:
        said = ("no_answer", "WhatsApp did not do it", str(outcome), True)
    return dict(zip(("code", "title", "detail", "retryable"), said, strict=True))


def _again(job: Job, outcome: Outcome) -> None:
    pause = leases.backoff(job.row.attempts)
    if isinstance(outcome, Retry) and outcome.after:
        pause = max(pause, timedelta(seconds=outcome.after))
    logger.info("customer %s: Meta is asked again whom to block: %s", job.row.pk, outcome)
    _held(job).update(not_before=timezone.now() + pause, lease_until=None, claim_token=None)


@transaction.atomic
def _finish(job: Job, *, blocked: bool, error: Error | None) -> None:
    """Save the outcome, unless something else was asked for meanwhile, or the customer is gone.

    Whom Meta did not block at any address is not blocked, and whom it did not unblock everywhere still is.
    """
    try:
        customer = lock(job.row.customer_id)
    except CustomerNotFound:
        return
    if _held(job).update(due=False, lease_until=None, claim_token=None) != 1:
        return
    at_meta = Identity.objects.live().filter(customer=customer).exclude(blocked_at=None).order_by("blocked_at")
    since = at_meta.values_list("blocked_at", flat=True).first()
    if error is None or (blocked and since is not None):
        since = customer.blocked_at
    note_blocked(customer, blocked_at=since, error=error)


def _held(job: Job) -> Any:
    return Block.objects.filter(pk=job.row.pk, claim_token=job.token)
