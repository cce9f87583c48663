"""Who waits, in this process, for a row that somebody else holds: so that waiting never takes all of its threads.

Some may wait as long as the limits of their connection say (core/db/patience.py). While these wait, others wait only as
long as it takes to see that nobody gets the row: a short crowd passes, and for a row that is held for long everybody
else is refused at once.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction

from core.db.failures import waited_in_vain
from core.db.patience import patience

T = TypeVar("T")

# How many wait as long as they may: for one row, and in all. There are eight threads for requests (config/lanes.py).
ROOM, ROOM_IN_ALL = 3, 4
# How long others wait for a row that nobody got meanwhile, and at least.
SHORT_SECONDS, LEAST_SECONDS = 0.3, 0.05


@dataclass
class _Queue:
    """Those who wait for one row."""

    waiting: int = 0
    # How many of them wait as long as they may.
    patient: int = 0
    # When one of them last got the row, or the first one came (time.monotonic).
    moved_at: float = field(default_factory=time.monotonic)


class Queues:
    """The rows of a table that threads of this process wait for."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queues: dict[int, _Queue] = {}
        self._patient = 0

    def wait(self, pk: int, lock: Callable[[], T]) -> T:
        """Run `lock`, which waits for the row `pk`, in a transaction. Others are given up sooner than it, see above.

        Raises OperationalError when it did not get the row in time; the transaction is broken then, as usual.
        """
        backend: Any = connection
        if connection.vendor != "postgresql" or not backend.waits.lock:
            return lock()
        deadline = time.monotonic() + backend.waits.lock
        with self._place(pk) as queue:
            while not self._grown_patient(queue):
                seen = queue.moved_at
                seconds = min(seen + SHORT_SECONDS, deadline) - time.monotonic()
                try:
                    # A savepoint: if others get the row meanwhile, this one goes on waiting.
                    with patience(max(seconds, LEAST_SECONDS)), transaction.atomic():
                        return self._moved(queue, lock())
                except OperationalError as error:
                    if not waited_in_vain(error) or queue.moved_at == seen or time.monotonic() > deadline:
                        raise
            try:
                with patience(max(deadline - time.monotonic(), LEAST_SECONDS)):
                    return self._moved(queue, lock())
            finally:
                with self._guard:
                    queue.patient -= 1
                    self._patient -= 1

    @contextmanager
    def _place(self, pk: int) -> Iterator[_Queue]:
        with self._guard:
            queue = self._queues.setdefault(pk, _Queue())
            queue.waiting += 1
        try:
            yield queue
        finally:
            with self._guard:
                queue.waiting -= 1
                if not queue.waiting:
                    del self._queues[pk]

    def _grown_patient(self, queue: _Queue) -> bool:
        """Whether there is room for one more who waits as long as they may; then it is taken."""
        with self._guard:
            room = queue.patient < ROOM and self._patient < ROOM_IN_ALL
            queue.patient += room
            self._patient += room
            return room

    def _moved(self, queue: _Queue, got: T) -> T:
        queue.moved_at = time.monotonic()
        return got
