"""Every chat of somebody's desk, live: a row of /api/customers/ for each change of a chat they may see."""

import asyncio
import logging
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from core.live.groups import DESK
from core.live.hub import Hint, Hub
from customers.models import Customer
from customers.visibility import has_on_desk
from messaging.consumers.base import DeskConsumer, in_thread, passing
from messaging.desk.rows import desk_rows

logger = logging.getLogger(__name__)

MAX_ROWS = 100


class InboxFeed:
    """One per process: loads a changed row once, however many inboxes show it.

    Changes that come while a row is being loaded are taken together: the row is as of now anyway.
    """

    def __init__(self) -> None:
        self.sockets: set[InboxConsumer] = set()
        self._changed: dict[int, set[int]] = {}
        self._working: asyncio.Task[None] | None = None

    def deliver(self, group: str, event: Hint) -> None:
        if event["type"] == "resync":
            self._resync()
        elif event["type"] == "changed":
            gone = self._changed.setdefault(event["customer"], set())
            if event.get("gone") is not None:
                gone.add(event["gone"])
            if self._working is None:
                self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._changed:
                # A part at a time, with the sockets draining in between: one request may change a thousand customers,
                # more than may wait for a socket.
                part = list(self._changed)[:MAX_ROWS]
                changed = {customer_id: self._changed.pop(customer_id) for customer_id in part}
                try:
                    rows = {row["id"]: row for row in await in_thread(_rows, list(changed))}
                except Exception:  # the database is away: these changes cannot be told, the next ones must be
                    logger.exception("%d changed chats could not be loaded", len(changed))
                    self._resync()
                    continue
                for customer_id, gone in changed.items():
                    self._tell(customer_id, rows.get(customer_id), gone)
        finally:
            self._working = None

    def _greeted(self) -> "list[InboxConsumer]":
        return [socket for socket in self.sockets if socket.greeted]

    def _resync(self) -> None:
        for socket in self._greeted():
            socket.push(passing("resync_required", {}))

    def _tell(self, customer_id: int, row: dict[str, Any] | None, gone: set[int]) -> None:
        chat_gone = passing("chat_gone", {"id": customer_id})
        chat = passing("chat", {"customer": row}) if row is not None else chat_gone
        owner_id = row["owner"]["id"] if row is not None and row["owner"] else None
        for socket in self._greeted():
            if has_on_desk(socket.user, owner_id):
                socket.push(chat)
            elif socket.user.pk in gone:
                socket.push(chat_gone)


def _rows(customer_ids: list[int]) -> list[dict[str, Any]]:
    return desk_rows(Customer.objects.filter(pk__in=customer_ids))


_feeds: "WeakKeyDictionary[Hub, InboxFeed]" = WeakKeyDictionary()


class InboxConsumer(DeskConsumer):
    """`ws/inbox/`."""

    says: ClassVar[dict[str, str]] = {"ping": "on_ping"}

    async def opened(self) -> None:
        self.feed = _feeds.setdefault(self.hub, InboxFeed())
        # Before the feed joins: as long as there is a socket, one that leaves does not take the feed along.
        self.feed.sockets.add(self)
        await self.hub.join(DESK, self.feed)
        self.greet({})

    def _let_go(self, keep: Any = None) -> None:
        feed = getattr(self, "feed", None)
        if feed is not None:
            feed.sockets.discard(self)
            if not feed.sockets:
                self.hub.leave(DESK, feed)
        super()._let_go(keep)
