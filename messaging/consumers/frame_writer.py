"""Frames to one client: in order, a bounded number of them, and without a task as long as the client keeps up.

With a task for every socket, one event to 1,000 sockets cost twice as much.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

Sending = Coroutine[Any, Any, None]


class FrameWriter:
    """Writes frames at once while the client has room. When it has none, a task waits for it, and frames queue up."""

    def __init__(
        self,
        send: Callable[[str], Sending],
        start: Callable[[Sending], "asyncio.Task[None]"],
        room: int,
    ) -> None:
        """`send` writes one frame, `start` runs a task that ends with the socket; `room` frames may wait."""
        self._send, self._start = send, start
        self._waiting: asyncio.Queue[str] = asyncio.Queue(room)
        self._writer: asyncio.Task[None] | None = None

    def put_nowait(self, text: str) -> None:
        """Write a frame. Raises asyncio.QueueFull when too many are waiting."""
        if self._writer is None:
            self._write_at_once(text)
        else:
            self._waiting.put_nowait(text)

    async def put(self, text: str) -> None:
        """Write a frame, or wait until there is room for it."""
        if self._writer is None:
            return self._write_at_once(text)
        await self._waiting.put(text)
        if self._writer is None:  # it ended while we waited for room
            self._writer = self._start(self._write())

    def _write_at_once(self, text: str) -> None:
        sending = self._send(text)
        try:
            waits_for = sending.send(None)
        except (StopIteration, OSError, RuntimeError):
            return  # written, or the client is gone and `disconnect` cleans up
        self._writer = self._start(self._write(_Started(sending, waits_for)))

    async def _write(self, started: "_Started | None" = None) -> None:
        try:
            if started is not None:
                await started
            while not self._waiting.empty():
                await self._send(self._waiting.get_nowait())
        except (OSError, RuntimeError):
            return  # the client is gone; `disconnect` cleans up
        self._writer = None


class _Started:
    """A coroutine that has been run up to its first wait; a task awaits the rest."""

    def __init__(self, coroutine: Sending, waits_for: Any) -> None:
        self._coroutine, self._waits_for = coroutine, waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        yield self._waits_for
        yield from self._coroutine.__await__()
