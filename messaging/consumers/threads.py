"""Where sockets do their database work: reading and writing in threads of their own.

So a thousand sockets that open at once wait for each other, and neither for a send that waits for a locked customer nor
for the threads of requests.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from django.db import close_old_connections, connection

Returned = TypeVar("Returned")

# More of them read no faster: while one waits for the database, another one uses the processor.
_READERS = ThreadPoolExecutor(3, thread_name_prefix="socket-reads")
_WRITERS = ThreadPoolExecutor(6, thread_name_prefix="socket-writes")
# So often a reading thread asks whether its connection is still good, which is a statement. A socket that finds it dead
# in between is closed with 1011, and comes again.
ASK_SECONDS = 1.0

_asked = threading.local()


async def in_thread(function: Callable[..., Returned], *args: Any, **kwargs: Any) -> Returned:
    """Read from the database outside the event loop."""
    return await _hand_over(_READERS, _read, partial(function, *args, **kwargs))


async def in_writing_thread(function: Callable[..., Returned], *args: Any, **kwargs: Any) -> Returned:
    """Write to the database outside the event loop; this may wait for a lock."""
    return await _hand_over(_WRITERS, _run, partial(function, *args, **kwargs))


async def _hand_over(threads: ThreadPoolExecutor, run: Callable[..., Returned], work: Callable[[], Any]) -> Returned:
    # What is logged belongs to the request that opened the socket (core/request_id.py).
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, run, work)


def _read(work: Callable[[], Returned]) -> Returned:
    now = time.monotonic()
    asked_lately = now - getattr(_asked, "at", -ASK_SECONDS) < ASK_SECONDS
    if not asked_lately:
        _asked.at = now
    return _run(work, asked_lately)


def _run(work: Callable[[], Returned], known_to_be_good: bool = False) -> Returned:
    """Do it as Django does a request: with a connection that is neither broken nor too old."""
    close_old_connections()
    backend: Any = connection
    backend.health_check_done = known_to_be_good
    try:
        return work()
    finally:
        close_old_connections()
