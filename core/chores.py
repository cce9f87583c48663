"""Chores: what is done once a day, by whichever relay comes first, without holding up anything.

`manage.py prune`, `sweep_files` and `fold` do the same by hand. Each chore has a row (model Chore) that says when
it was last done, and what was removed or what went wrong. The row is claimed: one that is being done is not begun
again, and one whose process died is begun anew when its lease ends.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.db import leases
from core.faults import fault
from core.files.sweeping import MIN_GRACE_HOURS, missing_files, refuse_unless_ours, sweep
from core.folding import fold_rows, models_that_fold
from core.models import Chore
from core.ports import ports
from core.retention import Old
from core.unfolded import clashes

logger = logging.getLogger(__name__)

# Longer than any step of a chore between two calls of `Run.tick`, which keeps the lease.
LEASE_SECONDS = 300
KEEP_LEASE_SECONDS = 30.0
LOOK_SECONDS = 30.0
# After a failure it is tried again, later each time.
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 300.0, 4 * 3600.0
# Files that a restored database does not know may be in a newer backup: they are kept for so long.
KEPT_AFTER_RESTORE = timedelta(days=7)
_ERROR_CHARACTERS = 2000
_RELAY = "relay"


class ChoreFailed(Exception):
    """A part of a chore failed; `str()` says which and why. The other parts are done."""


class ChoreIsRunning(Exception):
    """Another process is at it; `str()` says which."""


class ClaimLost(Exception):
    """Another process has taken the chore over, because this one was suspended for too long."""


@dataclass
class Run:
    """A chore that is being done."""

    name: str
    token: UUID
    # Told what is done, line by line.
    tell: Callable[[str], object] = lambda line: None
    lines: list[str] = field(default_factory=list)
    kept_at: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Add a line to the result."""
        self.lines.append(line)
        self.tell(line)

    def tick(self) -> None:
        """Keep the claim. Call it again and again while the chore is being done. Raises ClaimLost."""
        fault("C1")
        if time.monotonic() - self.kept_at < KEEP_LEASE_SECONDS:
            return
        if self._mine().update(lease_until=timezone.now() + timedelta(seconds=LEASE_SECONDS)) != 1:
            raise ClaimLost(f"{self.name} was taken over by another process.")
        self.kept_at = time.monotonic()

    def finish(self) -> None:
        self._end(finished_at=timezone.now(), result="\n".join(self.lines), error="", attempts=0)

    def fail(self, error: BaseException) -> None:
        attempts = Chore.objects.filter(pk=self.name).values_list("attempts", flat=True).first() or 1
        pause = leases.backoff(attempts, first=FIRST_RETRY_SECONDS, ceiling=LAST_RETRY_SECONDS)
        text = str(error) if isinstance(error, ChoreFailed) else f"{type(error).__name__}: {error}"
        text = text.replace("\x00", "?").encode("utf-8", "replace").decode()[:_ERROR_CHARACTERS]
        self._end(result="\n".join(self.lines), error=text, not_before=timezone.now() + pause)

    def _end(self, **changes: object) -> None:
        self._mine().update(lease_until=None, claim_token=None, **changes)

    def _mine(self) -> "QuerySet[Chore]":
        return Chore.objects.filter(pk=self.name, claim_token=self.token)


def prune(run: Run) -> None:
    """Remove rows that are no longer kept (setting RETENTION). Raises ChoreFailed when some could not be."""
    failed = []
    for kept_by in ports("RETENTION"):
        old: Old
        for old in kept_by():
            try:
                run.say(f"removed {old.remove(after_batch=run.tick)} {old.what}")
            except ClaimLost:
                raise
            except Exception as error:
                logger.exception("%s could not be removed", old.what)
                failed.append(f"{old.what}: {type(error).__name__}: {error}")
    if failed:
        raise ChoreFailed("\n".join(failed))


def sweep_files(run: Run, *, grace_hours: float = MIN_GRACE_HOURS) -> None:
    """Remove stored files that no row names, and count rows whose file is missing.

    Raises ChoreFailed when some could not be removed, and SweepRefused.
    """
    count, size, failed = 0, 0, []
    for orphan in sweep(grace_hours=grace_hours, after_batch=run.tick):
        run.tell(orphan.name)
        if orphan.error:
            failed.append(f"{orphan.name}: {orphan.error}")
        else:
            count, size = count + 1, size + orphan.size
    run.say(f"Removed {count} file(s), {size} bytes.")
    missing = 0
    for name in missing_files(after_batch=run.tick):
        missing += 1
        run.tell(f"missing: {name}")
    run.say(f"Rows whose file is missing: {missing}.")
    if failed:
        raise ChoreFailed(f"{len(failed)} could not be removed.\n" + "\n".join(failed[:20]))


def fold(run: Run) -> None:
    """Compare what is searched of each row with the row, and name those whose name another row had first."""
    for model in models_that_fold():
        if count := sum(1 for _ in fold_rows(model, after_batch=run.tick)):
            run.say(f"folded {count} {model._meta.verbose_name_plural}")
    for clash in clashes():
        run.say(clash)


def _sweep_unattended(run: Run) -> None:
    refuse_unless_ours(after_batch=run.tick)
    sweep_files(run)


# What a relay does by itself, in this order.
CHORES: dict[str, Callable[[Run], None]] = {"prune": prune, "sweep_files": _sweep_unattended, "fold": fold}


class DailyChores:
    """The relay's source of chores: those that were not done since the time of day in the setting DAILY_CHORES."""

    workers = 1

    def __init__(self) -> None:
        self._looked_at = -LOOK_SECONDS

    def settle(self, *, everything: bool) -> None:
        """Free what a relay that is gone has claimed, if no other relay runs. Otherwise its lease will end."""
        if everything:
            claimed = Chore.objects.filter(claim_token__isnull=False, started_by__startswith=_RELAY)
            claimed.update(lease_until=None, claim_token=None)

    def after_restore(self, *, before: datetime) -> int:
        """Put off removing files: those that the backup does not know may be in a newer one."""
        now = timezone.now()
        Chore.objects.bulk_create([Chore(name="sweep_files", created_at=now)], ignore_conflicts=True)
        Chore.objects.filter(pk="sweep_files").update(not_before=now + KEPT_AFTER_RESTORE)
        return 0

    def claim(self, limit: int) -> list[Run]:
        if settings.DAILY_CHORES is None or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        due = last_moment(settings.DAILY_CHORES)
        for name in CHORES:
            run = _claim(name, f"{_RELAY} {socket.gethostname()}:{os.getpid()}", due=due)
            if run is not None:
                return [run]  # and the next one when this is done
        self._looked_at = time.monotonic()
        return []

    def run(self, job: Run) -> None:
        try:
            with _written_down(job):
                CHORES[job.name](job)
        except Exception:  # in the row as well; nothing else depends on it
            logger.exception("%s failed", job.name)
        else:
            logger.info("%s: %s", job.name, "; ".join(job.lines))


def last_moment(at: time_of_day) -> datetime:
    """When it was last this time of day, in UTC."""
    now = timezone.now().astimezone(UTC)
    moment = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return moment if moment <= now else moment - timedelta(days=1)


@contextmanager
def by_hand(name: str, tell: Callable[[str], object]) -> Iterator[Run]:
    """Claim a chore, whether it is due or not, and write down how the block ends. Raises ChoreIsRunning.

    Everything that the chore says is also told, line by line.
    """
    run = _claim(name, f"manage.py {name} on {socket.gethostname()}")
    if run is None:
        row = Chore.objects.get(pk=name)
        raise ChoreIsRunning(f"{name} is being done by {row.started_by}, since {row.started_at:%Y-%m-%d %H:%M:%S} UTC.")
    run.tell = tell
    with _written_down(run):
        yield run


@contextmanager
def _written_down(run: Run) -> Iterator[None]:
    try:
        yield
    except ClaimLost:
        raise
    except BaseException as error:
        run.fail(error)
        raise
    run.finish()


def _claim(name: str, by: str, *, due: datetime | None = None) -> Run | None:
    """Claim a chore that nobody else is at. With `due`, only if it was not done since then, and should be tried now."""
    now = timezone.now()
    Chore.objects.bulk_create([Chore(name=name, created_at=now)], ignore_conflicts=True)
    free = Chore.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=name)
    if due is not None:
        undone = Q(finished_at__lt=due) | Q(finished_at=None, created_at__lt=due)
        free = free.filter(undone, not_before__lte=now)
    attempts = Chore.objects.values_list("attempts", flat=True).get(pk=name)
    # `attempts` changes with every claim: of two processes, one finds the row changed.
    unchanged = free.filter(attempts=attempts)
    changes: dict[str, Any] = {"attempts": attempts + 1, "started_at": now, "started_by": by[:100]}
    token = leases.claim(unchanged, seconds=LEASE_SECONDS, **changes)
    return Run(name, token) if token is not None else None
