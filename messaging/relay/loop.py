"""The relay: runs the jobs of the tables in the setting RELAY_JOBS.

Without Redis it is a thread of the server (embedded); with Redis, `manage.py relay`, any number of them. It looks for
jobs outside any transaction, when it is told of some and once a second.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connections

from core.db.patience import RELAY as RELAY_WAITS
from core.db.patience import use_in_thread
from core.db.process_lock import ProcessLock
from core.live.groups import RELAY
from core.live.hub import Hint
from core.live.publishing import attach
from core.ports import ports
from messaging.relay.departures import DatabaseRestored, suspected
from messaging.relay.jobs import JobSource
from messaging.relay.restored import recognise

logger = logging.getLogger("patter.relay")

POLL_SECONDS = 1.0
SETTLE_SECONDS = 2.0
# How long an embedded relay waits for its jobs when the server stops. A send that takes longer becomes uncertain.
STOP_SECONDS = 3.0


class _Lane:
    """A job source with its own threads, so that a slow provider does not delay incoming webhooks."""

    def __init__(self, source: JobSource, wake: threading.Event) -> None:
        self.source = source
        # Whether what an earlier process left behind is settled; only then may jobs be claimed.
        self.settled = False
        self.free = source.workers
        self._wake = wake
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Any] = SimpleQueue()
        # Daemon threads and not a ThreadPoolExecutor: at exit Python waits for the threads of an executor, so Ctrl-C
        # would wait for a provider that does not answer.
        for _ in range(source.workers):
            threading.Thread(target=self._work, name=type(source).__name__.lower(), daemon=True).start()

    def feed(self) -> int:
        """Claim and start as many jobs as there are free threads; return how many."""
        with self._lock:
            free = self.free
        jobs = self.source.claim(free) if free else []
        with self._lock:
            self.free -= len(jobs)
        for job in jobs:
            self._jobs.put(job)
        return len(jobs)

    def _work(self) -> None:
        use_in_thread(RELAY_WAITS)
        while (job := self._jobs.get()) is not None:
            self._run(job)
        connections.close_all()

    def _run(self, job: Any) -> None:
        try:
            _forget_broken_connections()
            self.source.run(job)
        except Exception:  # the lease will run out and `settle` decides; other jobs must go on
            logger.exception("a job of %s failed", type(self.source).__name__)
        finally:
            _forget_broken_connections()
            with self._lock:
                self.free += 1
            self._wake.set()

    @property
    def busy(self) -> bool:
        return self.free < self.source.workers

    def close(self) -> None:
        """Let the threads end after their current jobs."""
        for _ in range(self.source.workers):
            self._jobs.put(None)


def _forget_broken_connections() -> None:
    """Close connections that are broken or old. One that cannot even be closed must not cost the job."""
    try:
        close_old_connections()
    except DatabaseError as error:
        logger.error("a connection could not be closed: %s", error)


class Relay(threading.Thread):
    """The loop. `alone` says that no other relay can be running, so at the start every claimed job is settled.

    While `may_claim` says no, nothing is settled or claimed.
    """

    def __init__(self, *, alone: bool, may_claim: Callable[[], bool] = lambda: True) -> None:
        super().__init__(name="relay", daemon=True)
        self._may_claim = may_claim
        self._alone = alone
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lanes = [_Lane(source(), self._wake) for source in ports("RELAY_JOBS")]
        self._settled_at = -SETTLE_SECONDS
        self._recognised = False

    def deliver(self, group: str, event: Hint) -> None:
        """Called by the hub: something was queued."""
        self._wake.set()

    def run(self) -> None:
        use_in_thread(RELAY_WAITS)
        while not self._stopping.is_set():
            if not self._may_claim():
                self._stopping.wait(POLL_SECONDS)
                continue
            try:
                _forget_broken_connections()
                self._recognise_restore()
                self._settle()
                started = sum(lane.feed() for lane in self._lanes if lane.settled)
            except DatabaseRestored:
                continue  # the next turn deals with it before anything is claimed
            except (OperationalError, InterfaceError) as error:
                logger.error("database out of reach: %s", error)
                self._stopping.wait(POLL_SECONDS)
                continue
            except Exception:  # whatever one row caused: if this thread ended, nothing would be sent any more
                logger.exception("a turn of the relay failed")
                self._stopping.wait(POLL_SECONDS)
                continue
            if not started:
                self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        connections.close_all()

    def _recognise_restore(self) -> None:
        """Before the first claim: what may have left before a backup was restored is given up, and not settled."""
        if not self._recognised or suspected.is_set():
            recognise(lane.source for lane in self._lanes)
            self._recognised = True

    def _settle(self) -> None:
        """Settle each lane. One that cannot is left out until it could be settled once, and stops no other."""
        if time.monotonic() - self._settled_at < SETTLE_SECONDS and all(lane.settled for lane in self._lanes):
            return
        self._settled_at = time.monotonic()
        for lane in self._lanes:
            try:
                lane.source.settle(everything=self._alone and not lane.settled)
            except (OperationalError, InterfaceError) as error:
                logger.error("%s could not be settled: %s", type(lane.source).__name__, error)
                _forget_broken_connections()
            else:
                lane.settled = True

    def stop(self, seconds: float) -> None:
        """Claim no more jobs and wait up to `seconds` for those that are running."""
        deadline = time.monotonic() + seconds
        self._stopping.set()
        self._wake.set()
        self.join(seconds)
        while any(lane.busy for lane in self._lanes) and time.monotonic() < deadline:
            time.sleep(0.02)
        for lane in self._lanes:
            lane.close()


class EmbeddedRelay:
    """The relay inside the only server process. A second one on the same database is refused."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._relay: Relay | None = None

    async def start(self) -> None:
        """Raises RuntimeError, with the reason, when another process of Patter runs on this database."""
        await asyncio.to_thread(self._lock.acquire)
        self._relay = Relay(alone=True, may_claim=lambda: self._lock.held)
        await attach().join(RELAY, self._relay)
        self._relay.start()

    async def stop(self) -> None:
        if self._relay is not None:
            await asyncio.to_thread(self._relay.stop, STOP_SECONDS)
        self._lock.release()


def refuse_beside_embedded() -> None:
    """Raise RuntimeError if the relay runs inside the server, where a second one would send messages twice."""
    if settings.EMBEDDED:
        raise RuntimeError("Without REDIS_URL the relay runs inside the server, so there is nothing to start.")
