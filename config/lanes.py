"""Lanes: threads for one kind of request each, so that no kind can hold up another (docs/decisions/019-lanes.md).

A request waits for a thread of its lane only so long, and only so many may wait. Everybody else gets 503 at once, with
a `Retry-After`.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connection

from accounts.hashers import CORES
from config.asgi_types import Scope
from config.endpoints import endpoint_of
from config.middleware import PROBES, WEBHOOK

T = TypeVar("T")

# Reading is by far the most frequent, and no view hashes or takes a file when it is only asked.
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class LaneFull(Exception):
    """No thread of a lane became free in time. `str()` may be shown to the client."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after  # seconds


@dataclass
class Lane:
    """Threads for one kind of request. All of it but the work belongs to the event loop."""

    name: str
    threads: int
    waiting: int  # how many requests may wait for a thread
    patience: float  # for how many seconds each
    retry_after: int  # seconds, for those who are refused
    text: str = "The server is busy at the moment. Nothing was changed. Please try again in a few seconds."
    held: int = field(default=0, init=False)
    executor: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.executor = ThreadPoolExecutor(self.threads, thread_name_prefix=self.name)

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run `work` in a thread of the lane. Raises LaneFull if it has not begun in time."""
        if self.held >= self.threads + self.waiting:
            raise LaneFull(self.text, self.retry_after)
        late = False

        def give_up() -> None:
            nonlocal late
            late = doing.cancel()  # does nothing once it has begun

        has_to_wait = self.held >= self.threads
        self.held += 1
        doing = self.executor.submit(contextvars.copy_context().run, work, *args)
        timer = asyncio.get_running_loop().call_later(self.patience, give_up) if has_to_wait else None
        try:
            return await asyncio.wrap_future(doing)
        except asyncio.CancelledError:
            if late:
                raise LaneFull(self.text, self.retry_after)
            raise
        finally:
            self.held -= 1
            if timer is not None:
                timer.cancel()


class Lanes:
    """The lanes of a process, and which request takes which."""

    def __init__(self) -> None:
        # One answer of /readyz takes milliseconds; if the database hangs, more of them would only wait as well.
        self.probes = Lane("probes", 2, waiting=8, patience=5, retry_after=5)
        # Meta waits for some seconds, and sends again what it got no 200 for. SQLite has one writer: more threads would
        # wait for it, and passing the turn from one to the next costs more than the work (docs/benchmarks.md).
        writers = 1 if connection.vendor == "sqlite" else 8
        self.webhooks = Lane("webhooks", writers, waiting=256, patience=10, retry_after=5)
        # A hash keeps a core busy for half a second. More threads than hash at once (accounts/hashers.py), for the
        # rest of a sign-in.
        self.sign_ins = Lane(
            "sign-ins",
            CORES + 1,
            waiting=64,
            patience=10,
            retry_after=5,
            text="Too many people are signing in at the moment. Please try again in a few seconds.",
        )
        # With 12 threads writing to SQLite the slowest percent takes 330 ms (docs/decisions/001-architecture.md).
        self.others = Lane("http", 8, waiting=256, patience=30, retry_after=5)
        # They ask the database who sends a large body (config/uploads.py).
        self.uploads = Lane("uploads", 2, waiting=64, patience=10, retry_after=5)
        # They make streamed answers, row by row, as fast as the database gives them.
        self.exports = Lane("exports", 2, waiting=64, patience=30, retry_after=10)

    def of(self, scope: Scope) -> Lane:
        """Return the lane for a request."""
        path: str = scope["path"]
        if path.startswith(WEBHOOK):
            return self.webhooks
        if path in PROBES:
            return self.probes
        if scope["method"] not in READING and endpoint_of(scope["method"], path).hashes:
            return self.sign_ins
        return self.others
