"""One chat, live: every event of its log from where the client left off, without a gap."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import Error
from django.http import Http404
from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.serializers import user_ref
from core.db.failures import trouble_of
from core.files.links import Links
from core.filters import MAX_ID
from core.live.frames import passing_text
from core.live.groups import customer_group
from core.live.hub import Hint
from core.live.presence import Person
from customers.events import Frame, frame_of
from customers.models import Customer, CustomerMerged, CustomerQuerySet, Event
from customers.visibility import has_on_desk
from messaging.actions.moved import ChatMoved
from messaging.actions.reading import mark_read
from messaging.actions.receipts import show_typing
from messaging.actions.sending import send_message
from messaging.consumers.access_watch import AccessSnapshot
from messaging.consumers.base import NO_ACCESS, NOT_FOUND, DeskConsumer
from messaging.consumers.frame_socket import BadFrame
from messaging.consumers.handshake import origin_of, query_of
from messaging.consumers.log import BATCH, Opening, events_after, opening_of
from messaging.consumers.presence import UNKNOWN, others, presence_of, tell
from messaging.consumers.threads import in_thread, in_writing_thread
from messaging.errors import Refusal
from messaging.serializers.messages import message_data, message_row, render_frame, with_links
from messaging.serializers.sending import SendMessageSerializer

logger = logging.getLogger(__name__)

# The pause before a log that could not be read is read again.
LOOK_AGAIN_SECONDS = 2.0
# How often the customer is shown that someone is typing; WhatsApp shows it for 25 s.
TYPING_SECONDS = 20.0
# Passing events kept for a socket that is not open yet.
KEPT_PASSING = 100


class ChatConsumer(DeskConsumer):
    """`ws/chat/<customer_id>/?last_seq=N`."""

    handlers: ClassVar[dict[str, str]] = {
        "chat_message": "on_chat_message",
        "typing": "on_typing",
        "mark_read": "on_mark_read",
        "ping": "on_ping",
    }

    # The last event that was sent.
    seq = 0
    owner_id: int | None = None
    # Set while the log is being read. Events that are announced meanwhile are `missed`, and read from it next.
    catching_up, missed = True, False
    # Read before the first frame, and the passing events that came before it.
    opening: Opening | None = None
    passing: Sequence[Hint] = ()
    # Whether the others in the chat see that this user is here.
    inside = False
    # When the customer was last shown that this user is typing.
    typing_at = -TYPING_SECONDS

    def groups_of_view(self) -> list[str]:
        self.customer_id: int = self.scope["url_route"]["kwargs"]["customer_id"]
        self.room = customer_group(self.customer_id)
        return [self.room]

    def look(self) -> int | None:
        if self.customer_id > MAX_ID:
            return NOT_FOUND
        cursor = query_of(self.scope).get("last_seq", [None])[0]
        self.opening = opening_of(self.customer_id, cursor, user=self.user)
        if self.opening is None:
            self.close_reason = self._where_it_went()
            return NOT_FOUND
        self.watched_customer, self.owner_id = self.customer_id, self.opening.owner_id
        # The next events begin after the cursor, or at the end of the log.
        self.seq = self.opening.last_seq if self.opening.events is None else int(cursor or 0)
        return None

    async def opened(self) -> None:
        assert self.opening is not None
        opening, self.opening = self.opening, None
        self.links = Links(self.session.pk, origin_of(self.scope))
        self.here = presence_of(self.hub)
        people = await self._enter()
        self.greet({"seq": opening.last_seq, **others(people, self.user.pk)})
        if opening.recent is not None:
            messages = [with_links(message_data(row), self.links) for row in opening.recent]
            self.push(passing_text("recent_messages", {"messages": messages}))
        elif opening.events is None:
            self.push(passing_text("resync_required", {"seq": opening.last_seq}))
        self._presence("online")
        self.missed = bool(self.unheard & {"frame", "resync"})
        if opening.events or self.missed:
            self.start(self._catch_up(opening.events or None))
        else:
            self.catching_up = False
        passing, self.passing = self.passing, ()
        for event in passing:
            self.deliver(self.room, event)

    # --- the log ---

    def _visible(self) -> CustomerQuerySet:
        """The customer, if the user may see them."""
        return Customer.objects.at_desk_of(self.user).filter(pk=self.customer_id)

    def _where_it_went(self) -> str | None:
        """`merged:<id>` if the customer became part of another one whom the user may see."""
        try:
            Customer.objects.at_desk_of(self.user).refuse_merged(self.customer_id)
        except CustomerMerged as merged:
            return f"merged:{merged.into}"
        return None

    async def _catch_up(self, events: list[Event] | None = None) -> None:
        """Send everything after `seq` from the log, until nothing was announced while it was read.

        `events` are the first of them, if they have been read already.
        """
        self.catching_up = True
        while self.open:
            if events is None:
                self.missed = False
                try:
                    events = await in_thread(events_after, self.customer_id, self.seq, user=self.user)
                except Error as error:
                    if trouble_of(error) is None:
                        raise
                    # The log is still there when the database is back; the client would only come again and again.
                    logger.error("the log of customer %s cannot be read: %s", self.customer_id, error)
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                    continue
                if events is None:
                    return await self._leave()
            for event in events:
                # Waits for a slow client instead of overrunning its queue: the log can wait.
                await self.outgoing.put(json.dumps(render_frame(frame_of(event), self.links)))
                self.seq = event.seq
            if len(events) < BATCH and not self.missed:
                break
            events = None
        self.catching_up = False

    async def _leave(self) -> None:
        """Close with the code for why this user may not see the chat (any longer)."""
        code = await self.refusal()
        await self.end(code if code is not None else NO_ACCESS)

    # --- events of the hub ---

    def deliver(self, group: str, event: Hint) -> None:
        kind = event["type"]
        if not self.greeted:
            # Who comes and goes meanwhile may not be in what `ready` says.
            if kind == "passing":
                self.passing = [*self.passing, event][-KEPT_PASSING:]
            super().deliver(group, event)
        elif kind == "frame":
            self._on_frame(event)
        elif kind == "passing":
            if event["from"] == self.key or not has_on_desk(self.user, self.owner_id):
                return
            if event["left"] == self.user.pk and self.open:
                self._presence("online")  # the user closed another tab and is still here
            else:
                self.push(event["text"])
        elif kind == "erased":
            self.end_soon(NOT_FOUND)
        elif kind == "merged":
            self.start(self.recheck())
        else:
            super().deliver(group, event)
            if kind == "resync":
                self._look_again()

    def _on_frame(self, event: Hint) -> None:
        frame: Frame = event["frame"]
        self.owner_id = event["owner"]  # who is told that this user left, if they lose the chat with it
        if not has_on_desk(self.user, self.owner_id):
            self.muted = True
            self.start(self._leave())
            return
        if self.catching_up or frame["seq"] > self.seq + 1:
            return self._look_again()
        if frame["seq"] == self.seq + 1 and self.push(self._encoded(event)):
            self.seq = frame["seq"]

    def _encoded(self, event: Hint) -> str:
        """The frame as text: one for all sockets of the process, unless it has file URLs, which are per user."""
        if "text" not in event:
            frame: Frame = event["frame"]
            rendered = render_frame(frame, self.links)
            if rendered is not frame:
                return json.dumps(rendered)
            event["text"] = json.dumps(frame)
        text: str = event["text"]
        return text

    def _look_again(self) -> None:
        self.missed = True
        if not self.catching_up:
            self.catching_up = True
            self.start(self._catch_up())

    # --- rights ---

    async def refusal(self) -> int | None:
        code = await super().refusal()
        # Until the chat was found to be theirs, the user does not learn from the code that there is such a customer.
        if code is not None or self.watched_customer is None or await in_thread(self._visible().exists):
            return code
        self.owner_id = UNKNOWN  # somebody else's by now: whose, is looked up by who tells that the user left
        self.close_reason = await in_thread(self._where_it_went)
        return NO_ACCESS if await in_thread(Customer.objects.filter(pk=self.customer_id).exists) else NOT_FOUND

    def check_access(self, snapshot: AccessSnapshot) -> None:
        super().check_access(snapshot)
        last_seq, _ = snapshot.customers.get(self.customer_id, (0, None))
        if last_seq > self.seq:
            self._look_again()

    def may_stay(self, snapshot: AccessSnapshot, user: User) -> bool:
        known = snapshot.customers.get(self.customer_id)
        return known is not None and has_on_desk(user, known[1])

    # --- frames from the client ---

    async def on_chat_message(self, frame: dict[str, Any]) -> None:
        client_id = frame.get("client_id")
        data = {**frame, "type": "text", "customer": self.customer_id}
        body = SendMessageSerializer(data=data)
        try:
            await in_writing_thread(body.is_valid, raise_exception=True)
            fields = {**body.validated_data, "customer_id": self.customer_id}
            del fields["customer"]
            message, created = await in_writing_thread(send_message, actor=self.user, **fields)
        except Http404:
            return await self._leave()
        except ChatMoved as moved:
            more = {name: moved.shown_to(self.links).body[name] for name in ("messages", "last_seq")}
            return self.push_error(moved.body["code"], moved.body["detail"], client_id, **more)
        except Refusal as refusal:
            return self.push_error(refusal.body["code"], refusal.body["detail"], client_id)
        except ValidationError as error:
            return self.push_error("invalid", error.detail, client_id)
        if not created:  # sent before: no new event will tell this client of it
            row = await in_thread(message_row, message.pk)
            self.push(passing_text("chat_message", with_links(row, self.links)))

    async def on_typing(self, frame: dict[str, Any]) -> None:
        is_typing = frame.get("is_typing")
        if not isinstance(is_typing, bool):
            raise BadFrame("is_typing must be true or false.")
        self._tell_others("typing_indicator", {"is_typing": is_typing})
        self.here.set_typing(self.room, self.user.pk, is_typing)
        if is_typing and time.monotonic() - self.typing_at > TYPING_SECONDS:
            self.typing_at = time.monotonic()
            await in_writing_thread(self._show_typing)

    def _show_typing(self) -> None:
        if self._visible().exists():
            show_typing(self.customer_id)

    async def on_mark_read(self, frame: dict[str, Any]) -> None:
        try:
            await in_writing_thread(mark_read, customer_id=self.customer_id, actor=self.user)
        except Http404:
            await self._leave()

    # --- presence ---

    def _tell_others(self, kind: str, data: dict[str, Any], left: int | None = None) -> None:
        tell(self.room, kind, {"user": user_ref(self.user), **data}, key=self.key, left=left, owner=self.owner_id)

    def _presence(self, status: str) -> None:
        self._tell_others("user_presence", {"status": status}, left=None if status == "online" else self.user.pk)

    async def _enter(self) -> list[Person]:
        self.inside = True
        return await self.here.enter(self.room, self.user.pk, self.user.name)

    def _let_go(self, keep: "asyncio.Task[Any] | None" = None) -> None:
        if self.inside:
            self.inside = False
            self.here.leave(self.room, self.user.pk)
            self._presence("offline")
        super()._let_go(keep)
