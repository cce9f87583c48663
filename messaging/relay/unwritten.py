"""Outcomes of sends that the database has not taken yet. They are offered to it again and again.

They are kept in memory and on disk (messaging/relay/journal.py), and stored by threads of their own: a customer whose
row is locked must not delay the messages of others. What a relay that is gone has left on disk is taken over by the
next one that starts, and by those that run beside it.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from core.faults import fault
from messaging.relay import journal
from messaging.relay.outcomes import finish
from messaging.relay.results import DATABASE_AWAY, Job, Result

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
# An outcome on disk that is older belongs to a relay that is gone, or that cannot reach the database.
TAKEN_OVER_SECONDS = 5.0
# How long an outcome is offered that the database refuses although it answers, and how long a claim of which nobody
# knows whether it was committed may still turn up. Both: the lease of a send, and some.
REFUSED_SECONDS = 40.0


@dataclass
class Entry:
    """An outcome that is still to be stored. `doubtful`: perhaps there is no such claim."""

    job: Job
    result: Result
    doubtful: bool = False
    tries: int = 0
    running: bool = False
    since: float = field(default_factory=time.monotonic)
    due: float = field(default_factory=time.monotonic)

    def postpone(self) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(self.tries, 10), LONGEST_PAUSE)
        self.tries += 1
        self.due = time.monotonic() + pause * random.uniform(0.75, 1.0)

    @property
    def hopeless(self) -> bool:
        return time.monotonic() - self.since > REFUSED_SECONDS


_entries: dict[UUID, Entry] = {}
_lock = threading.Lock()


def conclude(job: Job, result: Result, *, learn: Callable[[], None] | None = None) -> None:
    """Store an outcome, now or later. It is written down before the database is asked anything.

    `learn` takes in what else the answer says. It may fail, and comes before the outcome: a window that the provider
    calls closed is closed before the customer's next message has its turn.
    """
    journal.note(job, result)
    fault("O3J")
    if learn is not None:
        try:
            learn()
        except Exception as error:  # noqa: BLE001 - nothing may keep the outcome from being stored
            logger.warning("message %s: what its answer says besides is lost: %r", job.message_id, error)
    _store(Entry(job, result))


def doubt(job: Job, result: Result) -> None:
    """Store the outcome of a claim of which nobody knows whether it was committed."""
    journal.note(job, result)
    _keep(Entry(job, result, doubtful=True))


def is_kept(token: UUID) -> bool:
    """Whether there is an outcome for this claim that the database has not taken yet."""
    return token in _entries


def forget_all() -> None:
    """Forget what is in memory (tests)."""
    _entries.clear()


def _keep(entry: Entry) -> None:
    entry.postpone()
    if entry.tries == 1:
        journal.secure(entry.job, entry.result)
    with _lock:
        entry.running = False
        _entries[entry.job.token] = entry


def _forget(entry: Entry) -> None:
    with _lock:
        _entries.pop(entry.job.token, None)
    journal.forget(entry.job.token)


def _store(entry: Entry) -> None:
    job = entry.job
    try:
        held = finish(job, entry.result)
    except DATABASE_AWAY as error:
        if entry.tries == 0:
            logger.error("message %s: its outcome (%s) is not stored yet: %s", job.message_id, entry.result.kind, error)
        _keep(entry)
    except Exception:  # whatever it is, the outcome is known and must not be lost
        logger.exception("message %s: its outcome (%s) could not be stored", job.message_id, entry.result.kind)
        if not entry.hopeless:
            return _keep(entry)
        journal.set_aside(job.token)
        _forget(entry)
    else:
        if not held and entry.doubtful and not entry.hopeless:
            return _keep(entry)  # the claim may still be under way
        if not held and not entry.doubtful:
            logger.warning("message %s: the lease was lost before its send ended", job.message_id)
        if held and entry.tries:
            logger.warning("message %s: its outcome (%s) is stored now", job.message_id, entry.result.kind)
        _forget(entry)


class Unwritten:
    """The relay's source of outcomes to store. Has to come before the outbox, which asks `is_kept`."""

    workers = 2

    def __init__(self) -> None:
        self._looked = False

    def settle(self, *, everything: bool) -> None:
        """Take over what is on disk: at the start all of it, later what nobody has stored for a while.

        Some of it may belong to a relay that is at work. Then both store it, and one of them finds it stored.
        """
        for job, result in journal.left_over(TAKEN_OVER_SECONDS if self._looked else 0.0):
            with _lock:
                if job.token not in _entries:
                    _entries[job.token] = Entry(job, result)
        self._looked = True

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: an outcome is about one claim, and is dropped where the database has no such claim."""
        return 0

    def claim(self, limit: int) -> list[Entry]:
        now = time.monotonic()
        with _lock:
            waiting = [entry for entry in _entries.values() if not entry.running and entry.due <= now]
            due = sorted(waiting, key=lambda entry: entry.due)[:limit]
            for entry in due:
                entry.running = True
        return due

    def run(self, job: Entry) -> None:
        _store(job)
