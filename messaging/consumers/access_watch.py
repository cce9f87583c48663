"""Every 25 s each socket asks whether it may still be there, and whether it missed something.

All sockets of a process ask together, in two statements for 500 of them. Each for itself, 1,000 idle sockets cost a
sixth of a core, and the frames of an event waited behind their questions.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import Error

from accounts.models import Session, User
from core.live.hub import Hub
from customers.models import Customer

logger = logging.getLogger(__name__)

SECONDS = 25
BATCH = 500


@dataclass(frozen=True)
class AccessLook:
    """How things stand: the users of the sessions that live, and of customers `(last_seq, owner_id)`."""

    users: dict[UUID, User]
    customers: dict[int, tuple[int, int | None]]


class WatchedSocket(Protocol):
    """A socket: its session, the id of the customer it watches (if one), and what it makes of a beat."""

    session: Session
    watches: int | None

    def on_beat(self, beat: AccessLook) -> None: ...


class AccessWatch:
    """The sockets of one process. Beats as long as there are any."""

    def __init__(self) -> None:
        self._sockets: set[WatchedSocket] = set()
        self._task: asyncio.Task[None] | None = None

    def join(self, socket: WatchedSocket) -> None:
        self._sockets.add(socket)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def leave(self, socket: WatchedSocket) -> None:
        self._sockets.discard(socket)

    async def _run(self) -> None:
        while self._sockets:
            await asyncio.sleep(SECONDS)
            sockets = list(self._sockets)
            for start in range(0, len(sockets), BATCH):
                await self._ask_for(sockets[start : start + BATCH])
        self._task = None

    async def _ask_for(self, sockets: list[WatchedSocket]) -> None:
        sessions = {socket.session.pk for socket in sockets}
        customers = {socket.watches for socket in sockets if socket.watches is not None}
        try:
            beat = await database_sync_to_async(_look, thread_sensitive=False)(sessions, customers)
        except Error as error:
            # They ask again in 25 s; ended sessions and lost chats were announced besides.
            logger.warning("the sockets could not ask for their rights: %s", error)
            return
        for socket in sockets:
            if socket not in self._sockets:
                continue
            try:
                socket.on_beat(beat)
            except Exception:  # one broken socket must not stop the pulse of the others
                logger.exception("a socket failed at its beat")


def _look(session_ids: set[UUID], customer_ids: set[int]) -> AccessLook:
    sessions = Session.objects.live().select_related("user").filter(pk__in=session_ids)
    rows = Customer.objects.filter(pk__in=customer_ids).values_list("pk", "last_seq", "owner_id")
    return AccessLook(
        users={session.pk: session.user for session in sessions},
        customers={pk: (last_seq, owner_id) for pk, last_seq, owner_id in rows},
    )


_pulses: "WeakKeyDictionary[Hub, AccessWatch]" = WeakKeyDictionary()


def access_watch_of(hub: Hub) -> AccessWatch:
    """The pulse of the process (of the event loop) whose hub this is."""
    return _pulses.setdefault(hub, AccessWatch())
