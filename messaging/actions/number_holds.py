"""Reasons why a number sends nothing: each is given and lifted by its own source, and as long as one holds, it pauses.

What they come to is written into the columns of the number, which everything else reads. Shorter pauses, because a
provider is too busy or out of reach, are written there directly (messaging/actions/number_pauses.py).
"""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from core.db.leases import any_row
from core.live.frames import passing_frame
from core.live.groups import DESK
from core.live.publishing import publish_on_commit, wake_relays
from messaging.models import UNTIL_RESUMED, BusinessNumber, NumberHold, PauseKind
from messaging.serializers.numbers import business_number_news

logger = logging.getLogger(__name__)

# The columns of a number that its holds decide.
_EFFECT = ("paused_until", "pause_kind", "reason", "throttled", "probes", "halted_access")
_ENDED = f"SELECT 1 FROM {NumberHold._meta.db_table} WHERE lifted_at IS NULL AND until <= %s"


@transaction.atomic
def hold(
    number: BusinessNumber, *, source: str, reason: str, since: datetime | None = None, until: datetime | None = None
) -> bool:
    """Send nothing from a number because of `source`, until it is lifted or until a time; return if that is news.

    `since` is when the source said so: what it said later counts, so that a late or repeated word changes nothing.
    """
    locked = _lock(number)
    at = since or timezone.now()
    known = NumberHold.objects.filter(number=locked, source=source).first()
    if known is not None and (at < known.since or (at == known.since and known.lifted_at is not None)):
        return False
    changes = {"reason": reason, "since": at, "until": until, "lifted_at": None}
    if known is not None and all(getattr(known, name) == value for name, value in changes.items()):
        return False
    NumberHold.objects.update_or_create(number=locked, source=source, defaults=changes)
    _apply(locked)
    return True


@transaction.atomic
def lift(number: BusinessNumber, *sources: str, at: datetime | None = None) -> bool:
    """These sources no longer hold a number; return whether it sends now. Others may still hold it.

    `at` is when they said so, if that may be told late: a hold that was given later stays, and one that was given
    earlier and is told later still is known to be over.
    """
    locked = _lock(number)
    said_at = at or timezone.now()
    known = {one.source: one for one in NumberHold.objects.filter(number=locked, source__in=sources)}
    for source in sources:
        one = known.get(source) or (NumberHold(number=locked, source=source) if at is not None else None)
        if one is not None and (one.pk is None or one.since <= said_at):
            one.since = one.lifted_at = said_at
            one.save()
    _apply(locked)
    return locked.paused_until is None or locked.paused_until <= timezone.now()


def holding(number: BusinessNumber, *, but: Collection[str] = ()) -> list[NumberHold]:
    """What holds a number now, the longest first, without the sources in `but`."""
    active = NumberHold.objects.filter(number=number).active(timezone.now()).exclude(source__in=but)
    return sorted(active, key=lambda one: (one.until or UNTIL_RESUMED, one.pk), reverse=True)


def end_holds() -> None:
    """Let numbers send again whose hold has ended by now."""
    now = timezone.now()
    if not any_row(_ENDED, now):
        return
    for pk in set(NumberHold.objects.filter(lifted_at=None, until__lte=now).values_list("number", flat=True)):
        with transaction.atomic():
            number = _lock(BusinessNumber(pk=pk))
            ended = NumberHold.objects.filter(number=number, lifted_at=None, until__lte=now)
            for one in ended:
                one.lifted_at = one.until
                one.save(update_fields=["lifted_at"])
            _apply(number)


def tell_admins(number: BusinessNumber) -> None:
    """Send `business_number_changed` to the inboxes of admins, on commit."""
    frame = passing_frame("business_number_changed", business_number_news(number))
    publish_on_commit(DESK, {"type": "admins", "frame": frame})


def _lock(number: BusinessNumber) -> BusinessNumber:
    """The number as it is now, locked. A halt from before there were holds, or by an older version, becomes one."""
    locked = BusinessNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
    if locked.paused_until == UNTIL_RESUMED and not holding(locked):
        NumberHold.objects.update_or_create(
            number=locked,
            source=NumberHold.ACCESS,
            defaults={"reason": locked.reason, "since": timezone.now(), "until": None, "lifted_at": None},
        )
    return locked


def _apply(number: BusinessNumber) -> None:
    """Write into the columns of a locked number what its holds come to, and tell the admins."""
    holds, before = holding(number), [getattr(number, name) for name in _EFFECT]
    if holds:
        number.paused_until = holds[0].until or UNTIL_RESUMED
        number.pause_kind = PauseKind.PAUSED
        number.reason = " ".join(dict.fromkeys(one.reason for one in holds if one.reason))
    elif number.pause_kind in (PauseKind.PAUSED, "") or number.paused_until == UNTIL_RESUMED:
        number.paused_until, number.pause_kind, number.reason = None, "", ""
        number.throttled = number.probes = 0
    if NumberHold.ACCESS not in {one.source for one in holds}:
        number.halted_access = ""
    if [getattr(number, name) for name in _EFFECT] == before:
        return
    number.save(update_fields=_EFFECT)
    if not holds:
        logger.warning("business number %s is held by nothing any more", number.pk)
        wake_relays()
    tell_admins(number)
