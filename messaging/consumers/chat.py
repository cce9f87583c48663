"""One chat, live: what the event log says, from where the client left off, without a gap."""

import json
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Min
from django.http import Http404
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core.files.links import Links
from core.live.groups import customer_group
from core.live.hub import Hint
from core.live.publishing import publish
from customers.events import Frame, frame_of
from customers.models import Customer, Event
from customers.visibility import has_on_desk
from messaging.actions.reading import mark_read
from messaging.actions.receipts import show_typing
from messaging.actions.sending import send_message
from messaging.consumers.access_watch import AccessLook
from messaging.consumers.base import NO_ACCESS, NOT_FOUND, BadFrame, DeskConsumer, in_thread, passing
from messaging.consumers.handshake import origin_of, query_of
from messaging.errors import Refusal
from messaging.serializers.messages import message_data, render_frame, shown_messages, with_links
from messaging.serializers.sending import SendMessageSerializer

RECENT_MESSAGES = 50
MAX_REPLAY = 1000
BATCH = 500
# The provider shows it for 25 s.
TYPING_SECONDS = 20.0


@dataclass(frozen=True)
class Position:
    """Where a customer's log stands, for somebody who may see it."""

    last_seq: int
    owner_id: int | None
    oldest_kept: int | None


class ChatConsumer(DeskConsumer):
    """`ws/chat/<customer_id>/?last_seq=N`."""

    says: ClassVar[dict[str, str]] = {
        "chat_message": "on_chat_message",
        "typing": "on_typing",
        "mark_read": "on_mark_read",
        "ping": "on_ping",
    }

    async def opened(self) -> None:
        self.customer_id: int = self.scope["url_route"]["kwargs"]["customer_id"]
        self.watches = self.customer_id
        self.links = Links(self.user.pk, origin_of(self.scope))
        self.seq = 0
        # When the customer was last shown that this user types.
        self.typing_at = -TYPING_SECONDS
        self.owner_id: int | None = None
        # Set while the log is read: frames that come meanwhile are in the log too, so they are only noticed.
        self.catching_up, self.missed = True, False
        # Before the first look at the log: what is committed after the look is then announced to us.
        await self.listen(customer_group(self.customer_id))
        position = await in_thread(self._position)
        if position is None:
            return await self.end(NOT_FOUND)
        self.owner_id = position.owner_id
        self.greet({"seq": position.last_seq})
        await self._resume(position, query_of(self.scope).get("last_seq", [None])[0])
        self._presence("online")
        self.start(self._catch_up())

    async def _resume(self, position: Position, cursor: str | None) -> None:
        """Start behind the client's cursor, or at the end of the log with the recent messages."""
        self.seq = position.last_seq
        if cursor is None:
            self.push(passing("recent_messages", {"messages": await in_thread(self._recent)}))
            return
        last_seen = int(cursor) if cursor.isdecimal() and cursor.isascii() and len(cursor) < 19 else -1
        behind = position.last_seq - last_seen
        gone = behind > 0 and (position.oldest_kept is None or last_seen + 1 < position.oldest_kept)
        if last_seen < 0 or behind < 0 or behind > MAX_REPLAY or gone:
            self.push(passing("resync_required", {"seq": position.last_seq}))
        else:
            self.seq = last_seen

    # --- the log ---

    def _visible(self) -> Any:
        if self.customer_id >= 2**63:
            return Customer.objects.none()
        return Customer.objects.at_desk_of(self.user).filter(pk=self.customer_id)

    def _position(self) -> Position | None:
        found = self._visible().values_list("last_seq", "owner_id").first()
        if found is None:
            return None
        oldest = Event.objects.filter(customer_id=self.customer_id).aggregate(oldest=Min("seq"))["oldest"]
        return Position(found[0], found[1], oldest)

    def _recent(self) -> list[dict[str, Any]]:
        rows: Any = shown_messages().filter(customer_id=self.customer_id).bubbles().newest_first()
        return [with_links(message_data(row), self.links) for row in reversed(rows[:RECENT_MESSAGES])]

    def _after(self, seq: int) -> list[Event] | None:
        """The next events, or None for somebody who may not see them now."""
        if not self._visible().exists():
            return None
        return list(Event.objects.after(self.customer_id, seq)[:BATCH])

    async def _catch_up(self) -> None:
        """Send everything after our number from the log, until nothing was announced meanwhile."""
        self.catching_up = True
        while self.open:
            self.missed = False
            events = await in_thread(self._after, self.seq)
            if events is None:
                return await self._leave()
            for event in events:
                # Waits for a slow client instead of overrunning its queue: the log does not run away.
                await self.outgoing.put(json.dumps(render_frame(frame_of(event), self.links)))
                self.seq = event.seq
            if not events and not self.missed:
                break
        self.catching_up = False

    async def _leave(self) -> None:
        """Close with the reason why this user may not see the chat (any longer)."""
        code = await self.refusal()
        await self.end(code if code is not None else NO_ACCESS)

    # --- hearing ---

    def deliver(self, group: str, event: Hint) -> None:
        kind = event["type"]
        if kind == "frame":
            self._on_frame(event)
        elif kind == "passing":
            if event["from"] == self.key or not has_on_desk(self.user, self.owner_id):
                return
            if event["left"] == self.user.pk and self.open:
                self._presence("online")  # in another tab: who closed that one is still here
            else:
                self.push(event["text"])
        elif kind == "erased":
            self.end_soon(NOT_FOUND)
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
        """The frame as text: of our own when it holds file URLs, else one text for all sockets of the process."""
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

    async def refusal(self) -> int | None:
        code = await super().refusal()
        if code is not None or not hasattr(self, "customer_id"):
            return code
        if await in_thread(self._visible().exists):
            return None
        return NO_ACCESS if await in_thread(Customer.objects.filter(pk=self.customer_id).exists) else NOT_FOUND

    def on_beat(self, beat: AccessLook) -> None:
        super().on_beat(beat)
        last_seq, _ = beat.customers.get(self.customer_id, (0, None))
        if last_seq > self.seq:
            self._look_again()

    def may_stay(self, user: User, beat: AccessLook) -> bool:
        _, owner_id = beat.customers.get(self.customer_id, (0, None))
        known = self.customer_id in beat.customers
        return super().may_stay(user, beat) and known and has_on_desk(user, owner_id)

    # --- what the client says ---

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
        if not created:  # said before: no new event will tell this client, so say it again
            row = await in_thread(shown_messages().get, pk=message.pk)
            self.push(passing("chat_message", with_links(message_data(row), self.links)))

    async def on_typing(self, frame: dict[str, Any]) -> None:
        is_typing = frame.get("is_typing")
        if not isinstance(is_typing, bool):
            raise BadFrame("is_typing is true or false.")
        self._tell_others("typing_indicator", {"user": self._me(), "is_typing": is_typing})
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

    def _me(self) -> dict[str, Any]:
        return {"id": self.user.pk, "name": self.user.name}

    def _tell_others(self, type: str, data: dict[str, Any], left: int | None = None) -> None:
        """`left`: the user whose socket this was, for those of theirs that are still open."""
        event = {"type": "passing", "from": self.key, "text": passing(type, data), "left": left}
        publish(customer_group(self.customer_id), event)

    def _presence(self, status: str) -> None:
        self.announced = status == "online"
        left = None if self.announced else self.user.pk
        self._tell_others("user_presence", {"user": self._me(), "status": status}, left)

    def _let_go(self, keep: Any = None) -> None:
        if getattr(self, "announced", False):
            self._presence("offline")
        super()._let_go(keep)
