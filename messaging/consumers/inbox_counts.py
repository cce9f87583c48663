"""The counts of each inbox, live: at most once a second, and only when they changed."""

import asyncio
import logging
import time
from collections import defaultdict
from typing import Any, Protocol

from core.live.frames import passing_text
from messaging.consumers.threads import in_thread
from messaging.desk.counts import DeskCounts, desk_counts

logger = logging.getLogger(__name__)

# After a change: what comes with it is counted together.
PAUSE_SECONDS = 1.0
LOOK_SECONDS = 0.25
# Windows close and snoozes end without a change that anybody is told of.
REFRESH_SECONDS = 60.0


class Inbox(Protocol):
    """What is needed of a socket."""

    user: Any

    @property
    def open(self) -> bool: ...

    def push(self, text: str) -> None: ...


class InboxCounts:
    """Counts for the inboxes of a process whose desk has changed: once for each user, one after the other."""

    def __init__(self) -> None:
        # When each socket is to be told.
        self._due: dict[Inbox, float] = {}
        self._told: dict[Inbox, DeskCounts] = {}
        self._counting: asyncio.Task[None] | None = None

    def changed(self, socket: Inbox) -> None:
        """Something on the desk of a socket changed, or it was just opened."""
        self._due.setdefault(socket, time.monotonic() + PAUSE_SECONDS)
        if self._counting is None:
            self._counting = asyncio.create_task(self._count())

    def forget(self, socket: Inbox) -> None:
        """A socket is closed."""
        self._due.pop(socket, None)
        self._told.pop(socket, None)

    async def _count(self) -> None:
        try:
            refreshed_at = time.monotonic()
            took = 0.0
            while self._due or self._told:
                # Longer while the database is slow: no more than half of one connection's time is for counting.
                await asyncio.sleep(max(LOOK_SECONDS, took))
                began = time.monotonic()
                if began > refreshed_at + REFRESH_SECONDS:
                    refreshed_at = began
                    for socket in self._told:
                        self._due.setdefault(socket, began + PAUSE_SECONDS)  # they may just have been told
                for sockets in self._take_due(began):
                    await self._tell(sockets)
                took = time.monotonic() - began
        finally:
            self._counting = None

    def _take_due(self, now: float) -> list[list[Inbox]]:
        """The sockets to tell now, together those of one user."""
        of_user: dict[int, list[Inbox]] = defaultdict(list)
        for socket in [socket for socket, at in self._due.items() if at <= now]:
            del self._due[socket]
            of_user[socket.user.pk].append(socket)
        return list(of_user.values())

    async def _tell(self, sockets: list[Inbox]) -> None:
        try:
            counts = await in_thread(desk_counts, sockets[0].user)
        except Exception:  # the database is away: the next change, or the next minute, counts again
            logger.exception("the chats of user %d could not be counted", sockets[0].user.pk)
            return
        for socket in sockets:
            if socket.open and self._told.get(socket) != counts:
                self._told[socket] = counts
                socket.push(passing_text("counts", counts))
                if socket in self._due:  # it changed while it was counted
                    self._due[socket] = time.monotonic() + PAUSE_SECONDS
