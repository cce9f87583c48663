"""Shows read ticks and the typing sign to customers, as messaging/actions/receipts.py queued them.

Each customer has one row, which is the job (model Receipt). It is tried a few times and then dropped.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from core.db import leases
from messaging.channels import transport_for
from messaging.models import Direction, Message, Receipt

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60
TRIES = 3
# Meta accepts receipts for messages less than 30 days old; this leaves a day to spare.
KNOWN_FOR = timedelta(days=29)


@dataclass(frozen=True)
class Job:
    """A claimed receipt and the token that may finish it."""

    receipt: Receipt
    token: UUID


class Receipts:
    """The relay's source of read receipts."""

    workers = 2

    def settle(self, *, everything: bool) -> None:
        """Nothing to decide: a receipt whose lease has run out is claimed again, a few times at most."""

    def after_restore(self, *, before: datetime) -> int:
        """Give up what is due: the customer may have seen it, and nobody needs to know."""
        Receipt.objects.filter(due=True, not_before__lt=before).update(due=False, lease_until=None, claim_token=None)
        return 0

    def claim(self, limit: int) -> list[Job]:
        now = timezone.now()
        due = Receipt.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), due=True, not_before__lte=now)
        return [Job(*claimed) for claimed in leases.claim_free(due, "due", limit, seconds=LEASE_SECONDS)]

    def run(self, job: Job) -> None:
        receipt = job.receipt
        newest = _newest(receipt.customer_id)
        if newest is None or not newest.wamid or (newest.pk == receipt.shown and not receipt.typing):
            return _finish(job, due=False)
        try:
            transport_for(newest.business_number).show_read(newest.wamid, typing=receipt.typing)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, a tick is not worth more than this line
            again = receipt.attempts < TRIES and not receipt.typing
            logger.info("customer %s: read receipt not shown (%s)", receipt.customer_id, type(error).__name__)
            return _finish(job, due=again, not_before=timezone.now() + leases.backoff(receipt.attempts, first=5.0))
        return _finish(job, due=False, shown=newest.pk)


def _newest(customer_id: int) -> Message | None:
    """The newest message from the customer for which a receipt can still be sent: a call has none, nor what is past."""
    inbound = Message.objects.filter(customer=customer_id, direction=Direction.INBOUND, wamid__gt="")
    recent = inbound.exclude(type="call").filter(from_history=False).filter(created_at__gt=timezone.now() - KNOWN_FOR)
    newest: Message | None = recent.select_related("business_number").order_by("-ordered_at", "-pk").first()
    return newest


def _finish(job: Job, **changes: object) -> None:
    """Save the outcome, unless the receipt has been made due again."""
    held = Receipt.objects.filter(pk=job.receipt.pk, claim_token=job.token)
    held.update(lease_until=None, claim_token=None, **changes)
