"""A queue for the threads that want to write to SQLite, which has one writer at a time.

SQLite itself waits by sleeping and trying again, so under load a thread may never succeed and give up with "database is
locked". In the queue the threads of a process write in the order in which they asked. Other processes, such as
management commands, still compete through SQLite's own lock.
"""

import threading
from collections import deque


class WriteQueue:
    """A lock that is granted in the order in which it was requested. Any thread may release it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def take(self, seconds: float) -> bool:
        """Wait at most `seconds` for the turn. Return whether it came in time."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=seconds):
            return True
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it came at the last moment

    def give(self) -> None:
        """Pass the turn on to the next in the queue."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_guard = threading.Lock()
_turns: dict[str, WriteQueue] = {}


def write_queue_of(database: str) -> WriteQueue:
    """Return the queue of the database file, the same for every connection."""
    with _guard:
        return _turns.setdefault(database, WriteQueue())
