"""Every chat of a user's desk, live: when a chat changes, its row of /api/customers/ is sent."""

import asyncio
import json
import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from django.db import Error

from accounts.models import Role, User
from core.db.failures import trouble_of
from core.files.links import Links
from core.live.frames import passing_text
from core.live.groups import DESK
from core.live.hub import Hint, Hub
from customers.models import Customer
from customers.visibility import has_on_desk
from messaging.consumers.base import DeskConsumer
from messaging.consumers.frame_socket import UNAVAILABLE, BadFrame
from messaging.consumers.handshake import origin_of, query_of
from messaging.consumers.inbox_counts import InboxCounts
from messaging.consumers.inbox_people import Here, InboxPeople
from messaging.consumers.inbox_sync import Told, known_rows
from messaging.consumers.presence import UNKNOWN, presence_of
from messaging.consumers.threads import in_thread
from messaging.desk.moves import ANY_STATE, arrived_since, chats_since, states_left
from messaging.desk.rows import DeskCustomer, desk_rows, shown_to
from messaging.desk.syncs import missed_by
from messaging.models import ChatState

logger = logging.getLogger(__name__)

# Rows loaded together.
MAX_ROWS = 100


class InboxFeed:
    """Loads a row that changed once, for all inboxes of the process.

    Changes that come while rows are being loaded wait for the next load, which shows each customer as they are by then.
    """

    def __init__(self, people: InboxPeople) -> None:
        self.sockets: set[InboxConsumer] = set()
        self.people = people
        # Customers whose row changed -> the owners who lost them with a change; NOBODY for those who had none.
        self._changed: dict[int, set[int]] = {}
        # Those of them whose chat got another state -> the numbers of the events that say so.
        self._moved: dict[int, list[int]] = {}
        self.loading: asyncio.Task[None] | None = None
        self.counts = InboxCounts()

    def deliver(self, group: str, event: Hint) -> None:
        """Called by the hub; customers/events.py makes the events."""
        if event["type"] == "resync":
            self._resync()
        elif event["type"] == "admins":
            self._tell_admins(event["frame"])
        elif event["type"] == "here":
            self._tell_who_is_here(event)
        elif event["type"] == "changed":
            lost_by = self._changed.setdefault(event["customer"], set())
            if event["gone"] is not None:
                lost_by.add(event["gone"])
            if event.get("event") == "chat_state_changed":
                self._moved.setdefault(event["customer"], []).append(event.get("seq", 0))
            if self.loading is None:
                self.loading = asyncio.create_task(self._load())

    async def _load(self) -> None:
        try:
            while self._changed:
                # A part at a time, so that sockets can send in between: one request may change a thousand customers,
                # and fewer frames than that may wait for a client.
                part = list(self._changed)[:MAX_ROWS]
                changed = {customer_id: self._changed.pop(customer_id) for customer_id in part}
                # What comes from here on is for the next load: this one may have read the chat as it was before.
                moved = {pk: self._moved.pop(pk) for pk in part if pk in self._moved}
                try:
                    left = await self._states_left(moved)
                    rows = {row["id"]: row for row in await in_thread(desk_rows, list(changed))}
                    here = await self.people.in_chats([pk for pk in rows if changed[pk]])
                except Exception:  # the database is away: these changes are lost, the next ones must not be
                    logger.exception("%d changed chats could not be loaded", len(changed))
                    self._resync()
                    continue
                for customer_id, lost_by in changed.items():
                    self._tell(customer_id, rows.get(customer_id), lost_by, here, left=left.get(customer_id, ()))
        finally:
            self.loading = None

    async def _states_left(self, moved: dict[int, list[int]]) -> dict[int, frozenset[str]]:
        if moved and any(socket.state for socket in self.sockets):
            return await in_thread(states_left, moved)
        return dict.fromkeys(moved, ANY_STATE)

    def _tell_who_is_here(self, event: Hint) -> None:
        """Say who opened or left a chat, or is typing there, to their colleagues who see it."""
        if event["owner"] == UNKNOWN:
            self.looking = asyncio.create_task(self._look_for_owner(event))
            return
        self.people.note(event)
        for socket in self.sockets:
            socket.tell_who_is_here(event)

    async def _look_for_owner(self, event: Hint) -> None:
        customer = Customer.objects.filter(pk=event["customer"]).values("owner_id")
        if (found := await in_thread(customer.first)) is not None:
            self._tell_who_is_here({**event, "owner": found["owner_id"]})

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

    def _tell(
        self, customer_id: int, row: DeskCustomer | None, lost_by: set[int], here: Here, *, left: Collection[str]
    ) -> None:
        """Send the row to who sees it, and say that it is gone to who saw it; None: nobody sees it any more.

        To whom it is new, also say who is in the chat. `left`: the states that the chat has left.
        """
        chat = _chat(row) if row is not None else ""
        owner_id = row["owner"]["id"] if row is not None and row["owner"] else None
        for socket in self._greeted():
            if row is not None and has_on_desk(socket.user, owner_id):
                if socket.shows(row):
                    socket.tell_row(row, chat)
                elif socket.state in left:
                    socket.tell_gone(customer_id)
                if not all(has_on_desk(socket.user, lost or None) for lost in lost_by):
                    socket.tell_people(here.frames(customer_id, socket.user.pk))
                self.counts.changed(socket)
            elif any(has_on_desk(socket.user, lost or None) for lost in lost_by):
                socket.tell_gone(customer_id)
                self.counts.changed(socket)


def _chat(row: DeskCustomer) -> str:
    return passing_text("chat", {"customer": row})


def _gone(customer_id: int) -> str:
    return passing_text("chat_gone", {"id": customer_id})


_feeds: "WeakKeyDictionary[Hub, InboxFeed]" = WeakKeyDictionary()


def inbox_feed_of(hub: Hub) -> InboxFeed:
    """The feed of the process (more precisely, of the event loop) that `hub` belongs to."""
    if hub not in _feeds:
        _feeds[hub] = InboxFeed(InboxPeople(presence_of(hub)))
    return _feeds[hub]


class InboxConsumer(DeskConsumer):
    """`ws/inbox/?state=open`."""

    handlers: ClassVar[dict[str, str]] = {"ping": "on_ping", "sync": "on_sync"}

    # Only chats in this state are shown; None: all.
    state: str | None = None
    # What was sent live while a sync is running.
    told: Told | None = None
    # Who came and went before the first frame was sent, which may not say so.
    passing: Sequence[Hint] = ()

    async def opened(self) -> None:
        asked = query_of(self.scope).get("state", [""])[0]
        self.state = asked if asked in ChatState.values else None
        self.links = Links(self.session.pk, origin_of(self.scope))
        self.feed = inbox_feed_of(self.hub)
        # Before the feed joins: the last socket to leave takes the feed out of its group, and we may not be joined yet.
        self.feed.sockets.add(self)
        presence_of(self.hub).watch(1)
        await self.hub.join(DESK, self.feed)
        self.greet(await self.feed.people.seen_by(self.user))
        passing, self.passing = self.passing, ()
        for event in passing:
            self.tell_who_is_here(event)
        if asked and self.state is None:
            self.push_error("invalid", {"state": [f"Choose from: {', '.join(ChatState.values)}. All chats are shown."]})
        self.feed.counts.changed(self)

    def deliver(self, group: str, event: Hint) -> None:
        """`told`: something that only this user is told."""
        if event["type"] != "told":
            super().deliver(group, event)
        elif self.greeted:
            self.push(json.dumps(event["frame"]))

    # --- people ---

    def tell_who_is_here(self, event: Hint) -> None:
        """Say who opened or left a chat, or is typing there, if it is a colleague in a chat that the user sees."""
        if not self.greeted:
            self.passing = [*self.passing, event]
        elif self.user.pk != event["user"] and has_on_desk(self.user, event["owner"]):
            self.push(event["text"])

    def tell_people(self, frames: Iterable[str]) -> None:
        """Say who is in a chat that the user did not see before."""
        for frame in frames:
            self.push(frame)

    # --- rows ---

    def shows(self, row: DeskCustomer) -> bool:
        """Whether the client asked for chats in the state of this one."""
        return self.state is None or row["state"] == self.state

    def tell_row(self, row: DeskCustomer, chat: str) -> None:
        """Send a row; `chat` is its frame for all who may see it. A picture has a URL for each reader."""
        if self.told is not None:
            self.told.note(row["id"], row["last_seq"])
        self.push(chat if row["avatar"] is None else _chat(shown_to(row, self.links)))

    def tell_gone(self, customer_id: int) -> None:
        """Say that a chat is no longer on the list."""
        if self.told is not None:
            self.told.note(customer_id, None)
        self.push(_gone(customer_id))

    async def on_sync(self, frame: dict[str, Any]) -> None:
        known = known_rows(frame)
        if self.told is not None:
            raise BadFrame("The sync before this one is not done. Wait for `synced`.")
        self.told = Told()
        self.start(self._send_missed(known))

    async def _send_missed(self, known: dict[int, int]) -> None:
        """Send what the client missed, a part at a time. Waits for a slow client instead of overrunning its queue."""
        try:
            missed = await in_thread(missed_by, self.user, known, state=self.state)
            for customer_id in missed.gone:
                if self.told is not None and not self.told.knows(customer_id):
                    await self.outgoing.put(_gone(customer_id))
            ids, new = [*missed.changed, *missed.new], set(missed.new)
            for start in range(0, len(ids), MAX_ROWS):
                rows = await in_thread(desk_rows, ids[start : start + MAX_ROWS])
                here = await self.feed.people.in_chats([row["id"] for row in rows if row["id"] in new])
                for row in rows:
                    # They may have been lost since.
                    lost = not has_on_desk(self.user, row["owner"]["id"] if row["owner"] else None)
                    if not lost and self.shows(row) and self.told is not None and not self.told.is_newer(row):
                        people = here.frames(row["id"], self.user.pk) if row["id"] in new else []
                        for text in (_chat(shown_to(row, self.links)), *people):
                            await self.outgoing.put(text)
            await self.outgoing.put(passing_text("synced", {"more": missed.more}))
        except Error as error:
            if trouble_of(error) is None:
                raise
            logger.error("an inbox could not be synced: %s", error)
            self.push_error("unavailable", UNAVAILABLE)
        finally:
            self.told = None

    def teams_changed(self, before: User) -> None:
        if self.greeted:
            self.start(self._show_change_of_teams(before))

    async def _show_change_of_teams(self, before: User) -> None:
        """Send the chats that came or went when a team changed. Many are for the client to load."""
        self.feed.counts.changed(self)
        found = await in_thread(chats_since, before, self.user)
        if found is None:
            self.push(passing_text("resync_required", {}))
        else:
            gone, new = found
            for customer_id in gone:
                self.tell_gone(customer_id)
            for row in new:
                if self.shows(row):
                    self.tell_row(row, _chat(row))
        here = await self.feed.people.in_all_chats()
        for customer_id in await in_thread(arrived_since, before, self.user, among=set(here.chats)):
            self.tell_people(here.frames(customer_id, self.user.pk))

    def _let_go(self, keep: "asyncio.Task[Any] | None" = None) -> None:
        feed = getattr(self, "feed", None)
        if feed is not None and self in feed.sockets:
            feed.sockets.discard(self)
            presence_of(self.hub).watch(-1)
            feed.counts.forget(self)
            if not feed.sockets:
                self.hub.leave(DESK, feed)
        super()._let_go(keep)
