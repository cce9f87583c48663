"""One chat, live: every event of its log from where the client left off, without a gap."""

import asyncio
import json
import logging
import time
from typing import Any, ClassVar

from django.db import Error
from django.db.models import Min
from django.http import Http404
from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.serializers import user_ref
from core.db.failures import trouble_of
from core.files.links import Links
from core.filters import MAX_ID, whole_number
from core.live.groups import customer_group
from core.live.hub import Hint
from core.live.publishing import publish
from customers.events import Frame, frame_of
from customers.models import Customer, CustomerMerged, CustomerQuerySet, Event
from customers.visibility import has_on_desk
from messaging.actions.reading import mark_read
from messaging.actions.receipts import show_typing
from messaging.actions.sending import send_message
from messaging.consumers.access_watch import AccessSnapshot
from messaging.consumers.base import NO_ACCESS, NOT_FOUND, BadFrame, DeskConsumer, passing_text
from messaging.consumers.handshake import origin_of, query_of
from messaging.consumers.position import Position
from messaging.consumers.threads import in_thread
from messaging.errors import Refusal
from messaging.serializers.messages import message_data, message_row, render_frame, shown_messages, with_links
from messaging.serializers.sending import SendMessageSerializer
from messaging.serializers.waiting import with_waiting

logger = logging.getLogger(__name__)

# What a client without a cursor gets.
RECENT_MESSAGES = 50
# Events read from the log at once.
BATCH = 500
# The pause before a log that could not be read is read again.
LOOK_AGAIN_SECONDS = 2.0
# How often the customer is shown that someone is typing; WhatsApp shows it for 25 s.
TYPING_SECONDS = 20.0


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
    # Whether the others in the chat were told that this user is online.
    announced = False
    # When the customer was last shown that this user is typing.
    typing_at = -TYPING_SECONDS

    async def opened(self) -> None:
        self.customer_id: int = self.scope["url_route"]["kwargs"]["customer_id"]
        if self.customer_id > MAX_ID:
            return await self.end(NOT_FOUND)
        self.links = Links(self.user.pk, origin_of(self.scope))
        # Before the log is read for the first time: what is committed after that is announced to us.
        await self.listen(customer_group(self.customer_id))
        position = await in_thread(self._position)
        if position is None:
            self.close_reason = await in_thread(self._where_it_went)
            return await self.end(NOT_FOUND)
        self.watched_customer, self.owner_id = self.customer_id, position.owner_id
        self.greet({"seq": position.last_seq})
        await self._resume(position, query_of(self.scope).get("last_seq", [None])[0])
        self._presence("online")
        self.start(self._catch_up())

    async def _resume(self, position: Position, cursor: str | None) -> None:
        """Start after the client's cursor, or at the end of the log with the recent messages."""
        self.seq = position.last_seq
        if cursor is None:
            self.push(passing_text("recent_messages", {"messages": await in_thread(self._recent)}))
            return
        last_seen = whole_number(cursor)
        if last_seen is None or not position.can_be_reached_from(last_seen):
            self.push(passing_text("resync_required", {"seq": position.last_seq}))
        else:
            self.seq = last_seen

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

    def _position(self) -> Position | None:
        found = self._visible().values_list("last_seq", "owner_id").first()
        if found is None:
            return None
        oldest = Event.objects.filter(customer_id=self.customer_id).aggregate(oldest=Min("seq"))["oldest"]
        return Position(found[0], found[1], oldest)

    def _recent(self) -> list[dict[str, Any]]:
        rows: Any = shown_messages().filter(customer_id=self.customer_id).bubbles().newest_first()
        recent = with_waiting(list(reversed(rows[:RECENT_MESSAGES])))
        return [with_links(message_data(row), self.links) for row in recent]

    def _after(self, seq: int) -> list[Event] | None:
        """The next events, or None when the user may no longer see them."""
        if not self._visible().exists():
            return None
        return list(Event.objects.after(self.customer_id, seq)[:BATCH])

    async def _catch_up(self) -> None:
        """Send everything after `seq` from the log, until nothing was announced while it was read."""
        self.catching_up = True
        while self.open:
            self.missed = False
            try:
                events = await in_thread(self._after, self.seq)
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
            if not events and not self.missed:
                break
        self.catching_up = False

    async def _leave(self) -> None:
        """Close with the code for why this user may not see the chat (any longer)."""
        code = await self.refusal()
        await self.end(code if code is not None else NO_ACCESS)

    # --- events of the hub ---

    def deliver(self, group: str, event: Hint) -> None:
        kind = event["type"]
        if kind == "frame":
            self._on_frame(event)
        elif kind == "passing":
            if event["from"] == self.key or not self.greeted or not has_on_desk(self.user, self.owner_id):
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
        if not has_on_desk(self.user, event["owner"]):
            self.muted = True
            self.start(self._leave())
            return
        self.owner_id = event["owner"]
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
        body = SendMessageSerializer(data=data, context={"customers": self._visible()})
        try:
            await in_thread(body.is_valid, raise_exception=True)
            fields = {**body.validated_data, "customer_id": self.customer_id}
            del fields["customer"]
            message, created = await in_thread(send_message, actor=self.user, **fields)
        except Http404:
            return await self._leave()
        except Refusal as refusal:
            return self.push_error(refusal.body["code"], refusal.body["detail"], client_id)
        except ValidationError as error:
            return self.push_error("invalid", error.detail, client_id)
        if not created:  # sent before: no new event will tell this client of it
            data = await in_thread(message_row, message.pk)
            self.push(passing_text("chat_message", with_links(data, self.links)))

    async def on_typing(self, frame: dict[str, Any]) -> None:
        is_typing = frame.get("is_typing")
        if not isinstance(is_typing, bool):
            raise BadFrame("is_typing must be true or false.")
        self._tell_others("typing_indicator", {"user": user_ref(self.user), "is_typing": is_typing})
        if is_typing and time.monotonic() - self.typing_at > TYPING_SECONDS:
            self.typing_at = time.monotonic()
            await in_thread(self._show_typing)

    def _show_typing(self) -> None:
        if self._visible().exists():
            show_typing(self.customer_id)

    async def on_mark_read(self, frame: dict[str, Any]) -> None:
        try:
            await in_thread(mark_read, customer_id=self.customer_id, actor=self.user)
        except Http404:
            await self._leave()

    # --- presence ---

    def _tell_others(self, type: str, data: dict[str, Any], left: int | None = None) -> None:
        """Send a passing frame to the chat's other sockets. `left` is the id of the user who closes this one, for
        other sockets of theirs."""
        event = {"type": "passing", "from": self.key, "text": passing_text(type, data), "left": left}
        publish(customer_group(self.customer_id), event)

    def _presence(self, status: str) -> None:
        self.announced = status == "online"
        left = None if self.announced else self.user.pk
        self._tell_others("user_presence", {"user": user_ref(self.user), "status": status}, left)

    def _let_go(self, keep: "asyncio.Task[Any] | None" = None) -> None:
        if self.announced:
            self._presence("offline")
        super()._let_go(keep)
