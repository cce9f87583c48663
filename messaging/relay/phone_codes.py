"""Sends codes that prove a phone, as customers/actions/phones.py queued them.

They have threads of their own: a code is good for ten minutes, and must not wait behind a queue of messages. What it is
is wiped right before it leaves, so a code whose answer never came is not sent again; the customer asks for another.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Q
from django.utils import timezone

from core.db import leases
from customers.models import CodeState, PhoneCode
from messaging.channels import Halted, NotSent, Rejected, Retry, Unknown, channels, home_channel
from messaging.relay.departures import DatabaseRestored, advance, note

logger = logging.getLogger(__name__)

# Longer than the slowest exchange with a provider, which is 30 s (whatsapp/graph/bounds.py).
LEASE_SECONDS = 60
_TOO_LATE = "It expired before it could be sent."
_RESTORED = "A backup was restored, and it may have been sent before."

# The condition of the index.
_UNSENT = f"state IN ('{CodeState.QUEUED}', '{CodeState.SENDING}')"
_QUEUED = f"{_UNSENT} AND state = '{CodeState.QUEUED}'"
_TO_SETTLE = f"SELECT 1 FROM {PhoneCode._meta.db_table} WHERE {_UNSENT} AND (expires_at <= %s OR lease_until < %s)"


@dataclass(frozen=True)
class Job:
    """A claimed code and the token that may finish it."""

    row: PhoneCode
    token: UUID


class PhoneCodes:
    """The relay's source of codes to send."""

    # Eight customers who ask while the provider takes 18 s to answer all have their code within 40 s.
    workers = 4

    def __init__(self) -> None:
        channels()  # now, and not in the first claim: importing one takes a quarter of a second

    def settle(self, *, everything: bool) -> None:
        """Wipe codes that expired, and settle those whose worker is gone while they were leaving."""
        now = timezone.now()
        if not everything and not leases.any_row(_TO_SETTLE, now, now):
            return
        unsent = PhoneCode.objects.filter(state__in=(CodeState.QUEUED, CodeState.SENDING))
        abandoned = unsent if everything else unsent.filter(Q(lease_until=None) | Q(lease_until__lt=now))
        # The token stays: an answer that comes late still settles it.
        abandoned.filter(state=CodeState.SENDING).update(state=CodeState.UNCERTAIN, lease_until=None)
        abandoned.filter(expires_at__lte=now).update(
            state=CodeState.FAILED, sealed="", error=_TOO_LATE, lease_until=None, claim_token=None
        )
        if everything:
            abandoned.update(lease_until=None, claim_token=None)

    def after_restore(self, *, before: datetime) -> int:
        """Give up codes that may have been sent: customers ask for another one."""
        unsent = PhoneCode.objects.filter(state__in=(CodeState.QUEUED, CodeState.SENDING), not_before__lt=before)
        unsent.update(state=CodeState.FAILED, sealed="", error=_RESTORED, lease_until=None, claim_token=None)
        return 0

    def claim(self, limit: int) -> list[Job]:
        due = PhoneCode.objects.due(timezone.now())
        return [Job(*claimed) for claimed in leases.claim_free(due, _QUEUED, limit, seconds=LEASE_SECONDS)]

    def run(self, job: Job) -> None:
        code = job.row.unsealed
        if code is None:
            return _finish(job, CodeState.FAILED, "FIELD_ENCRYPTION_KEYS or SECRET_KEY has changed.")
        try:
            leaves = _leaves(job)
        except DatabaseRestored:
            return _finish(job, CodeState.FAILED, _RESTORED)
        if not leaves:
            return _finish(job, CodeState.FAILED, _TOO_LATE) if not job.row.is_open() else None
        try:
            home_channel().send_phone_code(phone=job.row.phone, code=code)
        except (NotSent, DatabaseError, InterfaceError) as error:
            logger.error("nothing left of a phone code: %r", error.__cause__ or error)
            _again(job, Retry(title="Nothing has left"), code)
        except Retry as outcome:
            _again(job, outcome, code)
        except Rejected as outcome:
            _finish(job, CodeState.FAILED, _words(outcome, code))
        except Halted as outcome:
            _finish(job, CodeState.FAILED, outcome.reason.replace(code, _HIDDEN))
        except Unknown as outcome:
            _finish(job, CodeState.UNCERTAIN, str(outcome).replace(code, _HIDDEN))
        except Exception as error:  # noqa: BLE001 - it may have left. Its text may quote the request, and with it the code
            _finish(job, CodeState.UNCERTAIN, type(error).__name__)
        else:
            _finish(job, CodeState.SENT)
        return None


# In place of the code, where a provider quotes it.
_HIDDEN = "......"


def _words(outcome: Retry | Rejected, code: str) -> str:
    return f"{outcome.title} ({outcome.code}). {outcome.detail}".strip().replace(code, _HIDDEN)


def _leaves(job: Job) -> bool:
    """Wipe the code that is about to be sent; return False if it may no longer be sent. Raises DatabaseRestored."""
    now = timezone.now()
    ours = PhoneCode.objects.filter(pk=job.row.pk, claim_token=job.token, state=CodeState.QUEUED)
    with transaction.atomic():
        if ours.filter(lease_until__gt=now, expires_at__gt=now).update(state=CodeState.SENDING, sealed="") != 1:
            return False
        departure = advance()
    note(*departure)
    return True


def _again(job: Job, outcome: Retry, code: str) -> None:
    """Queue a code again that was not taken, if it will still be valid by then."""
    pause = max(leases.backoff(job.row.attempts), timedelta(seconds=outcome.after or 0))
    not_before = timezone.now() + pause
    if not_before >= job.row.expires_at:
        return _finish(job, CodeState.FAILED, f"{_words(outcome, code)} {_TOO_LATE}")
    return _finish(job, CodeState.QUEUED, _words(outcome, code), sealed=job.row.sealed, not_before=not_before)


def _finish(job: Job, state: CodeState, error: str = "", **changes: object) -> None:
    """Save the outcome, unless another code was asked for meanwhile or the customer was erased."""
    if error:
        logger.warning("phone code of customer %s: %s: %s", job.row.pk, state, error)
    held = PhoneCode.objects.filter(pk=job.row.pk, claim_token=job.token)
    held.update(**{"sealed": "", **changes}, state=state, error=error, lease_until=None, claim_token=None)
