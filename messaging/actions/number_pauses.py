"""Pauses of business numbers: for a while, or until an admin acts."""

import logging
import re
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from accounts.audit import audit
from accounts.models import User
from core.changes import changed
from core.db.leases import any_row
from core.live.publishing import wake_relays
from messaging.actions.number_holds import hold, holding, lift
from messaging.channels import Retry, channels, transport_for
from messaging.models import UNTIL_RESUMED, BusinessNumber, NumberHold, PauseKind

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
# An unreachable provider is tried with one message after 2, 4, 8, 16, 30, 30 ... seconds.
LONGEST_PROBE_PAUSE = 30.0
# How long a number waits for the message that tries it: longer than its lease, should its relay die.
PROBE_SECONDS = 45.0
# More than the longest pause needs. Without a limit the power would overflow a float one day.
_MOST_DOUBLINGS = 10

# A provider's code in a reason: `WhatsApp denied us access (190)`.
_CODE = re.compile(r"\((\d{1,9})\)")

_HALTED = f"SELECT 1 FROM {BusinessNumber._meta.db_table} WHERE paused_until = %s"


def _log_pause(number: BusinessNumber, what: str, reason: str, level: int = logging.WARNING) -> None:
    """Log that a number sends nothing for a while: the number by its id, of the reason the provider's code.

    The reason itself may quote what was sent. Django admin and /readyz show it.
    """
    found = _CODE.search(reason)
    facts = {"event": "number_paused", "business_number_id": number.pk, "code": found and int(found[1])}
    code = f" (code {found[1]})" if found else ""
    text = "business number %s %s%s. Django admin shows why."
    logger.log(level, text, number.pk, what, code, extra={"facts": facts})


def throttle(number: BusinessNumber, outcome: Retry) -> None:
    """Pause a number for 2 s, then 4 s and so on up to 60 s, or for as long as the provider said.

    Does not change a halted number. Messages that were being sent when the pause began are throttled too: together
    they count once, and they prolong the pause only if the provider says so.
    """
    now, reason = timezone.now(), f"{outcome.title} ({outcome.code})"
    said = timedelta(seconds=outcome.after or 0)
    pause = min(FIRST_PAUSE * 2 ** min(number.throttled, _MOST_DOUBLINGS), LONGEST_PAUSE)
    rows = BusinessNumber.objects.filter(pk=number.pk)
    awake = rows.filter(Q(paused_until=None) | Q(paused_until__lte=now))
    until = now + max(timedelta(seconds=pause), said)
    changes = {"reason": reason, "pause_kind": outcome.kind}
    if awake.update(paused_until=until, throttled=F("throttled") + 1, **changes):
        _log_pause(number, f"is throttled for {round((until - now).total_seconds())} s", reason)
    else:
        rows.filter(paused_until__lt=now + said).update(paused_until=now + said, **changes)


def pause(number: BusinessNumber, seconds: float, reason: str) -> None:
    """Send nothing from a number for so long. Does not shorten another pause."""
    until = timezone.now() + timedelta(seconds=seconds)
    rows = BusinessNumber.objects.filter(Q(paused_until=None) | Q(paused_until__lt=until), pk=number.pk)
    if rows.update(paused_until=until, reason=reason, pause_kind=PauseKind.PAUSED):
        _log_pause(number, f"pauses for {round(seconds)} s", reason)


def unreachable(number: BusinessNumber, reason: str, *, probe: bool) -> None:
    """Pause a number from which the provider could not be reached. `probe`: by the message that tried whether it can.

    Others that were on their way at the same time count once, together. Does not change a halted number.
    """
    now = timezone.now()
    seconds = min(FIRST_PAUSE * 2 ** min(number.probes, _MOST_DOUBLINGS), LONGEST_PROBE_PAUSE)
    rows = BusinessNumber.objects.filter(pk=number.pk)
    if probe:
        rows = rows.filter(pause_kind=PauseKind.UNREACHABLE)
    else:
        rows = rows.filter(Q(paused_until=None) | Q(paused_until__lte=now)).exclude(pause_kind=PauseKind.UNREACHABLE)
    paused = rows.update(
        paused_until=now + timedelta(seconds=seconds),
        pause_kind=PauseKind.UNREACHABLE,
        probes=F("probes") + 1,
        reason=reason,
    )
    if paused and not number.probes:
        _log_pause(number, "cannot reach its provider", reason, logging.ERROR)


def begin_probe(number_id: int) -> bool:
    """Whether this relay may try with one message if an unreachable provider can be reached again."""
    now = timezone.now()
    resting = BusinessNumber.objects.filter(pk=number_id, pause_kind=PauseKind.UNREACHABLE, paused_until__lte=now)
    return resting.update(paused_until=now + timedelta(seconds=PROBE_SECONDS)) == 1


def end_probe(number_id: int) -> None:
    """The message that was to try it was not sent after all: the next one may."""
    BusinessNumber.objects.filter(pk=number_id, pause_kind=PauseKind.UNREACHABLE).update(paused_until=timezone.now())
    wake_relays()


def reached(number: BusinessNumber) -> None:
    """The provider has answered: a number that could not reach it sends again."""
    rows = BusinessNumber.objects.filter(pk=number.pk, pause_kind=PauseKind.UNREACHABLE)
    if rows.update(paused_until=None, pause_kind="", probes=0, reason=""):
        logger.warning("business number %s reaches its provider again", number.pk)
        wake_relays()


def throttle_over(number_id: int) -> None:
    """A message was accepted: the next pause is a short one again. One that lasts keeps its reason."""
    lasting = Case(When(paused_until__gt=timezone.now(), then=F("pause_kind")), default=Value(""))
    BusinessNumber.objects.filter(pk=number_id, throttled__gt=0).update(throttled=0, pause_kind=lasting)


def halt(number: BusinessNumber, reason: str, access: str) -> None:
    """Send nothing from a number until `resume` is called, or until its access is no longer `access`."""
    _log_pause(number, "is halted until somebody acts", reason, logging.ERROR)
    with transaction.atomic():
        hold(number, source=NumberHold.ACCESS, reason=reason)
        BusinessNumber.objects.filter(pk=number.pk).update(halted_access=access)


@transaction.atomic
def pause_by_hand(number: BusinessNumber, *, actor: User, reason: str) -> None:
    """Send nothing from a number until an admin resumes it, whatever its provider says meanwhile."""
    hold(number, source=NumberHold.HAND, reason=reason)
    audit("number_paused", number, actor=actor, changes=changed({"reason": ""}, {"reason": reason}))


@transaction.atomic
def resume(number: BusinessNumber, *, actor: User | None = None) -> bool:
    """Let a paused number send again, starting with the messages that were queued meanwhile; return whether it does.

    What its provider holds against it stays, until the provider lifts that. `actor` None means Patter itself.
    """
    lift(number, NumberHold.HAND, NumberHold.ACCESS)
    sends = not holding(number)
    if sends:
        BusinessNumber.objects.filter(pk=number.pk).update(
            paused_until=None, pause_kind="", throttled=0, probes=0, reason="", halted_access=""
        )
    if actor is not None:
        audit("number_resumed", number, actor=actor, changes=changed({"reason": number.reason}, {"reason": ""}))
    wake_relays()
    return sends


def resume_access(number: BusinessNumber) -> bool:
    """The number has another access than the one that was refused; return whether it sends again."""
    return lift(number, NumberHold.ACCESS)


def resume_with_new_access() -> None:
    """Resume numbers that have another access now than when they were halted."""
    if not any_row(_HALTED, UNTIL_RESUMED):
        return
    for number in BusinessNumber.objects.filter(paused_until=UNTIL_RESUMED, transport__in=channels()):
        sources = {one.source for one in holding(number)}
        if sources and NumberHold.ACCESS not in sources:
            continue
        if transport_for(number).access not in ("", number.halted_access):
            logger.warning("business number %s has a new access", number.pk)
            resume_access(number)
