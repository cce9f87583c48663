"""The watch over open sockets: every 25 s, may the user still be here, and was an event missed?

All sockets of a process are checked together, with two queries for 500 of them. With queries of its own for each,
1,000 idle sockets took a sixth of a core, and the frames of an event had to wait behind them.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import Error

from accounts.actions.availability import note_sockets
from accounts.models import Session, User
from core.live.hub import Hub
from customers.models import Customer
from messaging.consumers.threads import in_thread

logger = logging.getLogger(__name__)

CHECK_SECONDS = 25
# Sockets checked with the same two queries.
BATCH = 500


@dataclass(frozen=True)
class AccessSnapshot:
    """What the database says now: the users of the sessions that are still live, and of customers
    `(last_seq, owner_id)`."""

    users: dict[UUID, User]
    customers: dict[int, tuple[int, int | None]]


class WatchedSocket(Protocol):
    """What the watch needs of a socket."""

    session: Session
    # The id of the customer whose chat it shows; None for a socket that shows every chat.
    watched_customer: int | None

    def check_access(self, snapshot: AccessSnapshot) -> None:
        """Close the socket if its user has lost the right to it, and fetch what it missed."""
        ...


class AccessWatch:
    """Checks the open sockets of one process for as long as there are any."""

    def __init__(self) -> None:
        self._sockets: set[WatchedSocket] = set()
        self._task: asyncio.Task[None] | None = None
        # The logins of sockets that have just opened: who was away for want of one is online at once.
        self._came: set[int] = set()
        self._noting: asyncio.Task[None] | None = None

    def add(self, socket: WatchedSocket) -> None:
        self._sockets.add(socket)
        if settings.AWAY_AFTER_MINUTES:
            self._came.add(socket.session.user_id)
            if self._noting is None:
                self._noting = asyncio.create_task(self._note())
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def remove(self, socket: WatchedSocket) -> None:
        self._sockets.discard(socket)

    async def _run(self) -> None:
        while self._sockets:
            await asyncio.sleep(CHECK_SECONDS)
            sockets = list(self._sockets)
            for start in range(0, len(sockets), BATCH):
                await self._check(sockets[start : start + BATCH])
        self._task = None

    async def _note(self) -> None:
        while self._came:
            came, self._came = self._came, set()
            try:
                await in_thread(note_sockets, came)
            except Error as error:
                logger.warning("%d logins with a socket could not be noted: %s", len(came), error)
        self._noting = None

    async def _check(self, sockets: list[WatchedSocket]) -> None:
        sessions = {socket.session.pk for socket in sockets}
        customers = {socket.watched_customer for socket in sockets if socket.watched_customer is not None}
        try:
            snapshot = await in_thread(_take_snapshot, sessions, customers)
        except Error as error:
            # The next check is in 25 s, and sockets also hear of ended sessions and lost chats when they happen.
            logger.warning("the rights of %d sockets could not be checked: %s", len(sockets), error)
            return
        for socket in sockets:
            if socket not in self._sockets:
                continue
            try:
                socket.check_access(snapshot)
            except Exception:  # one broken socket must not keep the others from being checked
                logger.exception("a socket failed while its rights were checked")


def _take_snapshot(session_ids: set[UUID], customer_ids: set[int]) -> AccessSnapshot:
    sessions = list(Session.objects.live().select_related("user").filter(pk__in=session_ids))
    note_sockets(session.user_id for session in sessions)
    rows = Customer.objects.filter(pk__in=customer_ids).values_list("pk", "last_seq", "owner_id")
    return AccessSnapshot(
        users={session.pk: session.user for session in sessions},
        customers={pk: (last_seq, owner_id) for pk, last_seq, owner_id in rows},
    )


_watches: "WeakKeyDictionary[Hub, AccessWatch]" = WeakKeyDictionary()


def access_watch_of(hub: Hub) -> AccessWatch:
    """The watch of the process (more precisely, of the event loop) that `hub` belongs to."""
    return _watches.setdefault(hub, AccessWatch())
