"""Whose turn it is to write: SQLite has one writer, and threads that ask it again and again are served by luck.

Its own waiting is a sleep and another try, so under load one thread may be passed over until it gives up with
"database is locked". Threads of one process can stand in a queue instead. Other processes (a management command)
still meet SQLite's own lock.
"""

import threading
from collections import deque


class WriteQueue:
    """A lock that is given in the order in which it was asked for. Any thread may give it back."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for the turn; return whether it came in time."""
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
        return True  # it came in the last moment

    def give(self) -> None:
        """Let the next one in."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_guard = threading.Lock()
_turns: dict[str, WriteQueue] = {}


def write_queue_of(database: str) -> WriteQueue:
    """Return the queue of the database file; the same one for every connection."""
    with _guard:
        return _turns.setdefault(database, WriteQueue())
