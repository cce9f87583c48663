"""Fetches the templates of accounts when somebody asks for it. The relay does it, because it waits for Meta."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import audit
from accounts.models import User
from core.db import leases
from core.live.publishing import wake_relays
from whatsapp.access_tokens import Access
from whatsapp.message_templates import LONGEST_SYNC_SECONDS, SyncFailed, accounts, sync
from whatsapp.models import TemplateSync

logger = logging.getLogger(__name__)

# With time to store what was fetched.
LEASE_SECONDS = round(LONGEST_SYNC_SECONDS) + 60
TRIES = 3


@transaction.atomic
def ask_for_templates(wanted: Iterable[Access], *, actor: User) -> int:
    """Have the templates of these accounts fetched within seconds; return how many accounts there are."""
    now = timezone.now()
    rows = [TemplateSync(waba_id=access.waba_id, due=True, asked_at=now, not_before=now) for access in wanted]
    TemplateSync.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["waba_id"],
        update_fields=["due", "asked_at", "attempts", "not_before", "lease_until", "claim_token"],
    )
    if rows:
        audit("templates_asked_for", actor=actor)
    wake_relays()
    return len(rows)


@dataclass(frozen=True)
class Job:
    """A claimed account and the token that may finish it."""

    row: TemplateSync
    token: UUID


class TemplateSyncs:
    """The relay's source of accounts to fetch from."""

    workers = 1

    def settle(self, *, everything: bool) -> None:
        """Nothing is lost by fetching twice: an account whose lease has run out is claimed again."""
        if everything:
            TemplateSync.objects.filter(lease_until__isnull=False).update(lease_until=None, claim_token=None)

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: templates that are fetched twice are the same."""
        return 0

    def claim(self, limit: int) -> list[Job]:
        now = timezone.now()
        due = TemplateSync.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), due=True, not_before__lte=now)
        return [Job(*claimed) for claimed in leases.claim_free(due, "due", limit, seconds=LEASE_SECONDS)]

    def run(self, job: Job) -> None:
        row = job.row
        access = next((one for one in accounts() if one.waba_id == row.waba_id), None)
        if access is None:
            return _finish(job, due=False, fetched=None, error="There is no access token for this account any more.")
        try:
            fetched = sync(access)
        except SyncFailed as error:
            logger.warning("templates were not fetched: %s", error)
            again = timezone.now() + leases.backoff(row.attempts, first=5.0)
            return _finish(job, due=row.attempts < TRIES, not_before=again, fetched=None, error=str(error))
        return _finish(job, due=False, fetched=fetched, error="")


def _finish(job: Job, **changes: object) -> None:
    """Save the outcome, unless the templates were asked for again meanwhile."""
    held = TemplateSync.objects.filter(pk=job.row.pk, claim_token=job.token)
    held.update(finished_at=timezone.now(), lease_until=None, claim_token=None, **changes)
