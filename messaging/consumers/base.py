"""What every socket of the desk has: rights that are asked again, a bounded way out, an end."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from accounts.models import Session, User
from core import safe_json
from core.live.groups import STAFF, user_group
from core.live.hub import Hint
from core.live.publishing import attach
from core.timestamps import iso
from messaging.consumers.access_watch import AccessLook, access_watch_of
from messaging.consumers.frame_writer import FrameWriter
from messaging.consumers.handshake import BEARER, Credentials

NOT_SIGNED_IN = 4401
NO_ACCESS = 4403
NOT_FOUND = 4404
TOO_SLOW = 4408
TOO_BIG = 1009
TOO_MANY = 1008

# Frames that may wait for a socket that does not drain.
QUEUE_FRAMES = 500
MAX_FRAME_BYTES = 64 * 1024
MAX_FRAMES_PER_SECOND = 100
CLOSE_SECONDS = 5


class BadFrame(Exception):
    """The client sent something that is no frame; `str()` says why."""

    def __init__(self, detail: str, code: str = "bad_frame") -> None:
        super().__init__(detail)
        self.code = code


async def in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run database work off the loop. The default of channels puts all sockets through one thread."""
    return await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)


def passing(type: str, data: Any) -> str:
    """Encode a frame that is not recorded and has no number."""
    return json.dumps({"type": type, "at": iso(timezone.now()), "data": data})


class NoSuchSocket(AsyncWebsocketConsumer):
    """Whatever path no other socket has: accepted, so that the close code arrives, and closed with 4404."""

    channel_layer_alias = "no layer"

    async def connect(self) -> None:
        await self.accept(subprotocol=BEARER if BEARER in (self.scope.get("subprotocols") or []) else None)
        await self.close(code=NOT_FOUND)


class DeskConsumer(AsyncWebsocketConsumer):
    """A socket of somebody at the sales desk. Subclasses say what it hears and what may be said."""

    # The hub subscribes to the layer once per process; a consumer of its own would cost five times the
    # delivery time at 1,000 sockets. There is no layer of this name.
    channel_layer_alias = "no layer"

    # Types of incoming frames, and the methods that take their fields.
    says: ClassVar[dict[str, str]] = {}

    # The id of the customer whose chat this is; the inbox shows them all.
    watches: int | None = None

    async def connect(self) -> None:
        self.hub = attach()
        self.groups_joined: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.timer: asyncio.TimerHandle | None = None
        self.outgoing = FrameWriter(self._write, self.start, QUEUE_FRAMES)
        self.open = True
        # Set when the right to the chat is known to be lost, until the close code has been found out.
        self.muted = False
        self.greeted = False
        self.key = uuid.uuid4().hex
        self.window, self.frames_in_window = 0, 0
        offered = self.scope.get("subprotocols") or []
        await self.accept(subprotocol=BEARER if BEARER in offered else None)
        credentials: Credentials | None = self.scope["credentials"]
        if not self.scope["origin_allowed"]:
            return await self.end(NO_ACCESS)
        if credentials is None:
            return await self.end(NOT_SIGNED_IN)
        self.user, self.session = credentials.session.user, credentials.session
        # The session may have ended between its look-up and this subscription, hence the order.
        await self.listen(user_group(self.user.pk))
        if (code := await self.refusal()) is not None:
            return await self.end(code)
        await self.listen(STAFF)
        left = (credentials.expires_at - timezone.now()).total_seconds()
        self.timer = asyncio.get_running_loop().call_later(max(left, 0), self.end_soon, NOT_SIGNED_IN)
        await self.opened()
        if self.open:
            access_watch_of(self.hub).join(self)

    # --- what subclasses say ---

    async def opened(self) -> None:
        """The socket is signed in: join groups and `greet`."""
        raise NotImplementedError

    async def refusal(self) -> int | None:
        """The close code for somebody who may not (any longer) be here; asks the database."""
        if not await in_thread(self._session_lives):
            return NOT_SIGNED_IN
        return None if self.user.is_admin or self.user.is_sales else NO_ACCESS

    def on_beat(self, beat: AccessLook) -> None:
        """Called every 25 s. Who seems to have lost a right is asked about again, for the exact close code."""
        user = beat.users.get(self.session.pk)
        if user is None or not self.may_stay(user, beat):
            self.start(self.recheck())
        else:
            self.user = user

    def may_stay(self, user: User, beat: AccessLook) -> bool:
        return user.is_admin or user.is_sales

    # --- hearing ---

    async def listen(self, group: str) -> None:
        self.groups_joined.append(group)
        await self.hub.join(group, self)

    def deliver(self, group: str, event: Hint) -> None:
        """Live subscriber. `recheck` says that the rights of this user may have changed."""
        if group == STAFF:
            self._on_staff_event(event)
        elif event["type"] in ("recheck", "resync"):
            self.start(self.recheck())

    def _on_staff_event(self, event: Hint) -> None:
        """Pass on what everybody at the desk is told. Before `ready` nobody has loaded what it speaks of."""
        if event["type"] == "staff" and self.greeted:
            # Encoded once for all sockets of the process, which share the event.
            if "text" not in event:
                event["text"] = json.dumps(event["frame"])
            self.push(event["text"])

    async def recheck(self) -> bool:
        """Close the socket of who lost the right to it; return whether it stays."""
        code = await self.refusal()
        if code is not None:
            await self.end(code)
        return code is None

    def _session_lives(self) -> bool:
        session = Session.objects.live().select_related("user").filter(pk=self.session.pk).first()
        if session is None:
            return False
        self.user = session.user
        return True

    # --- speaking ---

    def _write(self, text: str) -> Coroutine[Any, Any, None]:
        # Not `self.send`: its two coroutines around this one are a third of what a frame costs.
        write: Coroutine[Any, Any, None] = self.base_send({"type": "websocket.send", "text": text})
        return write

    def push(self, text: str) -> bool:
        """Queue a frame; a socket that does not drain is closed. Returns whether the frame was taken."""
        if not self.open or self.muted:
            return False
        try:
            self.outgoing.put_nowait(text)
        except asyncio.QueueFull:
            self.end_soon(TOO_SLOW)
            return False
        return True

    def greet(self, data: dict[str, Any]) -> None:
        """Say `ready`, the first frame of all."""
        self.push(passing("ready", data))
        self.greeted = True

    def push_error(self, code: str, detail: Any, client_id: Any = None) -> None:
        data = {"code": code, "detail": detail}
        if isinstance(client_id, str):
            data["client_id"] = client_id
        self.push(passing("error", data))

    # --- ending ---

    def start(self, work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self.tasks.append(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[None]") -> None:
        self.tasks.remove(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a socket's task failed", "exception": error, "task": task}
            )
            self.end_soon(1011)

    def end_soon(self, code: int) -> None:
        if self.open:
            self.ending = asyncio.ensure_future(self.end(code))

    async def end(self, code: int) -> None:
        """Close with `code`; nothing is sent after this."""
        if not self.open:
            return
        self.open = False
        self._let_go(keep=asyncio.current_task())
        try:
            await asyncio.wait_for(self.close(code=code), CLOSE_SECONDS)
        except (TimeoutError, OSError, RuntimeError):
            return  # a client that reads nothing cannot be told

    async def disconnect(self, code: int) -> None:
        self.open = False
        self._let_go()

    def _let_go(self, keep: "asyncio.Task[Any] | None" = None) -> None:
        access_watch_of(self.hub).leave(self)
        for group in self.groups_joined:
            self.hub.leave(group, self)
        if self.timer is not None:
            self.timer.cancel()
        for task in tuple(self.tasks):
            if task is not keep:
                task.cancel()

    # --- listening to the client ---

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.open:
            return
        if len(text_data or bytes_data or "") > MAX_FRAME_BYTES:
            return await self.end(TOO_BIG)
        if self._too_many():
            return await self.end(TOO_MANY)
        client_id = None
        try:
            if text_data is None:
                raise BadFrame("Frames are JSON text.")
            frame = safe_json.loads(text_data)
            if not isinstance(frame, dict):
                raise BadFrame("A frame is a JSON object.")
            client_id = frame.get("client_id")
            name = frame.get("type")
            if not isinstance(name, str) or name not in self.says:
                raise BadFrame(f"Unknown frame type; known are: {', '.join(self.says)}.", code="unknown_type")
            await getattr(self, self.says[name])(frame)
        except (BadFrame, safe_json.BadJSON) as error:
            self.push_error(getattr(error, "code", "bad_frame"), str(error), client_id)

    def _too_many(self) -> bool:
        now = int(time.monotonic())
        if now != self.window:
            self.window, self.frames_in_window = now, 0
        self.frames_in_window += 1
        return self.frames_in_window > MAX_FRAMES_PER_SECOND

    async def on_ping(self, frame: dict[str, Any]) -> None:
        self.push(passing("pong", {}))
