"""Delivers signed webhook bodies at a given time, as Meta does."""

import heapq
import logging
import threading
import time
from collections.abc import Callable

from django.db import connections

from whatsapp.webhook.signature import sign

logger = logging.getLogger(__name__)


class Courier:
    """A daemon thread that delivers bodies when they are due. Bodies that are still waiting at exit are dropped."""

    def __init__(self, deliver: Callable[[bytes, str], int]) -> None:
        """`deliver` takes a body and its signature, and returns an HTTP status."""
        self._deliver = deliver
        self._due: list[tuple[float, int, bytes]] = []
        self._count = 0
        self._delivering = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def post(self, body: bytes, *, after: float) -> None:
        """Deliver `body` in `after` seconds."""
        with self._changed:
            self._count += 1
            heapq.heappush(self._due, (time.monotonic() + after, self._count, body))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drain(self, seconds: float = 10.0) -> bool:
        """Wait until everything is delivered. Returns False if that takes longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._delivering, seconds)

    def _run(self) -> None:
        while True:
            body = self._next()
            try:
                self._deliver(body, sign(body))
            except Exception:  # the thread must go on for the next messages
                logger.exception("the sandbox could not deliver a status")
            finally:
                connections.close_all()
                with self._changed:
                    self._delivering = False
                    self._changed.notify_all()

    def _next(self) -> bytes:
        with self._changed:
            while True:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._delivering = True
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
