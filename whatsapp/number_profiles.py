"""The profile and the health of business numbers, asked of Meta when somebody wants to know, and once a day.

The relay does it, because it waits for Meta (docs/decisions/020-graph-never-holds-a-request.md).
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import audit
from accounts.models import User
from core.changes import changed
from core.db import leases
from core.live.publishing import wake_relays
from core.safe_json import storable, storable_value
from messaging.models import BusinessNumber
from whatsapp.access_tokens import access_of
from whatsapp.account_health import note_answer
from whatsapp.business_numbers import TRANSPORT
from whatsapp.graph.questions import Graph, GraphSays
from whatsapp.models import NumberProfile

logger = logging.getLogger(__name__)

# Some questions of half a minute each, at the most.
LEASE_SECONDS = 300
TRIES = 3
# How often Meta is asked without anybody wanting it, and how often that is looked at.
ASKED_EVERY = timedelta(days=1)
LOOK_SECONDS = 600.0

_SANDBOX = {
    "verified_name": "Patter sandbox",
    "quality_rating": "GREEN",
    "status": "CONNECTED",
    "name_status": "APPROVED",
    "throughput": {"level": "STANDARD"},
    "whatsapp_business_manager_messaging_limit": "TIER_250",
}


@transaction.atomic
def ask_about(number: BusinessNumber, *, actor: User) -> None:
    """Have Meta asked for the profile and the health of a number, within seconds."""
    _make_due(number)
    audit("number_asked_about", number, actor=actor)


@transaction.atomic
def change_profile(
    number: BusinessNumber, *, actor: User, wanted: dict[str, Any], picture: bytes | None = None
) -> None:
    """Have parts of a number's profile changed at Meta, within seconds. `wanted` has the fields that change."""
    row = NumberProfile.objects.select_for_update().filter(number=number).first() or NumberProfile(number=number)
    shown = {**row.profile, **row.wanted}
    row.wanted = {**row.wanted, **wanted}
    row.picture = picture if picture is not None else row.picture
    row.save()
    _make_due(number)
    told = wanted if picture is None else {**wanted, "picture": "a new one"}
    audit("number_profile_changed", number, actor=actor, changes=changed({k: shown.get(k, "") for k in told}, told))


def _make_due(number: BusinessNumber) -> None:
    now = timezone.now()
    NumberProfile.objects.get_or_create(number=number)
    NumberProfile.objects.filter(number=number).update(
        due=True, asked_at=now, not_before=now, attempts=0, lease_until=None, claim_token=None
    )
    wake_relays()


@dataclass(frozen=True)
class Job:
    """A claimed row and the token that may finish it."""

    row: NumberProfile
    token: UUID


class NumberProfiles:
    """The relay's source of numbers to ask about."""

    workers = 1

    def __init__(self) -> None:
        # Not at once: a relay that starts has messages to send.
        self._looked_at = time.monotonic()

    def settle(self, *, everything: bool) -> None:
        """Nothing is lost by asking twice. Once a day Meta is asked about every number."""
        if everything:
            NumberProfile.objects.filter(lease_until__isnull=False).update(lease_until=None, claim_token=None)
        if settings.WHATSAPP_SANDBOX or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at, now = time.monotonic(), timezone.now()
        unknown = BusinessNumber.objects.filter(transport=TRANSPORT, profile=None)
        NumberProfile.objects.bulk_create([NumberProfile(number=one) for one in unknown], ignore_conflicts=True)
        old = NumberProfile.objects.filter(due=False, asked_at__lt=now - ASKED_EVERY)
        old.update(due=True, asked_at=now, not_before=now, attempts=0)

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: a profile that is written twice is the same."""
        return 0

    def claim(self, limit: int) -> list[Job]:
        now = timezone.now()
        due = NumberProfile.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), due=True, not_before__lte=now)
        return [Job(*claimed) for claimed in leases.claim_free(due, "due", limit, seconds=LEASE_SECONDS)]

    def run(self, job: Job) -> None:
        row = job.row
        access = access_of(row.number)
        if access is None:
            return _finish(job, due=False, error="There is no access token for this number.")
        if settings.WHATSAPP_SANDBOX:
            note_answer(row.number, _SANDBOX, timezone.now())
            return _finish(job, due=False, error="", profile={**row.profile, **row.wanted}, wanted={}, picture=None)
        try:
            with Graph(access.token) as graph:
                refused = _write(graph, row)
                health, profile = graph.health(row.number.external_id), graph.profile(row.number.external_id)
        except GraphSays as error:
            logger.warning("number %s was not asked about: %s", row.pk, error)
            again = timezone.now() + leases.backoff(row.attempts, first=5.0)
            return _finish(job, due=row.attempts < TRIES, not_before=again, error=storable(str(error)))
        note_answer(row.number, health, timezone.now())
        return _finish(job, due=False, error=refused, profile=storable_value(profile), wanted={}, picture=None)


def _write(graph: Graph, row: NumberProfile) -> str:
    """Change the profile at Meta as an admin wanted; return why Meta refuses that, if it does. Raises GraphSays."""
    if not row.wanted and row.picture is None:
        return ""
    try:
        changes = dict(row.wanted)
        if row.picture is not None:
            picture = bytes(row.picture)
            mime_type = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
            changes["profile_picture_handle"] = graph.upload_picture(graph.token().app_id, picture, mime_type)
        graph.change_profile(row.number.external_id, changes)
    except GraphSays as error:
        if error.code is None:
            raise  # Meta did not answer: another try may succeed
        return storable(f"The profile was not changed. {error}")
    return ""


def _finish(job: Job, **changes: object) -> None:
    """Save the outcome, unless it was asked for again meanwhile."""
    held = NumberProfile.objects.filter(pk=job.row.pk, claim_token=job.token)
    held.update(finished_at=timezone.now(), lease_until=None, claim_token=None, **changes)
