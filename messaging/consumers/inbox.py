"""Every chat of a user's desk, live: when a chat changes, its row of /api/customers/ is sent."""

import asyncio
import json
import logging
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from accounts.models import Role, User
from core.files.links import Links
from core.live.frames import passing_text
from core.live.groups import DESK
from core.live.hub import Hint, Hub
from customers.visibility import has_on_desk
from messaging.consumers.base import DeskConsumer
from messaging.consumers.handshake import origin_of
from messaging.consumers.inbox_counts import InboxCounts
from messaging.consumers.threads import in_thread
from messaging.desk.moves import chats_since
from messaging.desk.rows import DeskCustomer, desk_rows, shown_to

logger = logging.getLogger(__name__)

# Rows loaded together.
MAX_ROWS = 100


class InboxFeed:
    """Loads a row that changed once, for all inboxes of the process.

    Changes that come while rows are being loaded wait for the next load, which shows each customer as they are by then.
    """

    def __init__(self) -> None:
        self.sockets: set[InboxConsumer] = set()
        # Customers whose row changed -> the owners who lost them with a change; NOBODY for those who had none.
        self._changed: dict[int, set[int]] = {}
        self.loading: asyncio.Task[None] | None = None
        self.counts = InboxCounts()

    def deliver(self, group: str, event: Hint) -> None:
        """Called by the hub; customers/events.py makes the events."""
        if event["type"] == "resync":
            self._resync()
        elif event["type"] == "admins":
            self._tell_admins(event["frame"])
        elif event["type"] == "changed":
            lost_by = self._changed.setdefault(event["customer"], set())
            if event["gone"] is not None:
                lost_by.add(event["gone"])
            if self.loading is None:
                self.loading = asyncio.create_task(self._load())

    async def _load(self) -> None:
        try:
            while self._changed:
                # A part at a time, so that sockets can send in between: one request may change a thousand customers,
                # and fewer frames than that may wait for a client.
                part = list(self._changed)[:MAX_ROWS]
                changed = {customer_id: self._changed.pop(customer_id) for customer_id in part}
                try:
                    rows = {row["id"]: row for row in await in_thread(desk_rows, list(changed))}
                except Exception:  # the database is away: these changes are lost, the next ones must not be
                    logger.exception("%d changed chats could not be loaded", len(changed))
                    self._resync()
                    continue
                for customer_id, lost_by in changed.items():
                    self._tell(customer_id, rows.get(customer_id), lost_by)
        finally:
            self.loading = None

    def _greeted(self) -> "list[InboxConsumer]":
        return [socket for socket in self.sockets if socket.greeted]

    def _tell_admins(self, frame: Any) -> None:
        text = json.dumps(frame)
        for socket in self._greeted():
            if socket.user.role == Role.ADMIN:
                socket.push(text)

    def _resync(self) -> None:
        for socket in self._greeted():
            socket.push(passing_text("resync_required", {}))
            self.counts.changed(socket)

    def _tell(self, customer_id: int, row: DeskCustomer | None, lost_by: set[int]) -> None:
        chat_gone = passing_text("chat_gone", {"id": customer_id})
        chat = _chat(row) if row is not None else chat_gone
        owner_id = row["owner"]["id"] if row is not None and row["owner"] else None
        for socket in self._greeted():
            if has_on_desk(socket.user, owner_id):
                # A picture has a URL for each reader.
                socket.push(chat if row is None or row["avatar"] is None else _chat(shown_to(row, socket.links)))
                self.counts.changed(socket)
            elif any(has_on_desk(socket.user, lost or None) for lost in lost_by):
                socket.push(chat_gone)
                self.counts.changed(socket)


def _chat(row: DeskCustomer) -> str:
    return passing_text("chat", {"customer": row})


_feeds: "WeakKeyDictionary[Hub, InboxFeed]" = WeakKeyDictionary()


def inbox_feed_of(hub: Hub) -> InboxFeed:
    """The feed of the process (more precisely, of the event loop) that `hub` belongs to."""
    return _feeds.setdefault(hub, InboxFeed())


class InboxConsumer(DeskConsumer):
    """`ws/inbox/`."""

    handlers: ClassVar[dict[str, str]] = {"ping": "on_ping"}

    async def opened(self) -> None:
        self.links = Links(self.session.pk, origin_of(self.scope))
        self.feed = inbox_feed_of(self.hub)
        # Before the feed joins: the last socket to leave takes the feed out of its group, and we may not be joined yet.
        self.feed.sockets.add(self)
        await self.hub.join(DESK, self.feed)
        self.greet({})
        self.feed.counts.changed(self)

    def deliver(self, group: str, event: Hint) -> None:
        """`told`: something that only this user is told."""
        if event["type"] != "told":
            super().deliver(group, event)
        elif self.greeted:
            self.push(json.dumps(event["frame"]))

    def teams_changed(self, before: User) -> None:
        if self.greeted:
            self.start(self._show_change_of_teams(before))

    async def _show_change_of_teams(self, before: User) -> None:
        """Send the chats that came or went when a team changed. Many are for the client to load."""
        self.feed.counts.changed(self)
        self.feed.counts.changed(self)
        found = await in_thread(chats_since, before, self.user)
        if found is None:
            self.push(passing_text("resync_required", {}))
            return
        gone, new = found
        for customer_id in gone:
            self.push(passing_text("chat_gone", {"id": customer_id}))
        for row in new:
            self.push(_chat(shown_to(row, self.links)))

    def _let_go(self, keep: "asyncio.Task[Any] | None" = None) -> None:
        feed = getattr(self, "feed", None)
        if feed is not None:
            feed.sockets.discard(self)
            feed.counts.forget(self)
            if not feed.sockets:
                self.hub.leave(DESK, feed)
        super()._let_go(keep)
