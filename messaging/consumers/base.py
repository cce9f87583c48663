"""What all sockets of the desk share: who may open one and keep it, a bounded queue of frames, and how it closes."""

# mypy: allow-subclassing-any
# The package channels has no types.

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Coroutine
from typing import Any, ClassVar

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error
from django.utils import timezone

from accounts.models import Session, User
from core import safe_json
from core.db.failures import trouble_of
from core.live.frames import passing_frame
from core.live.groups import STAFF, user_group
from core.live.hub import Hint
from core.live.publishing import attach
from customers.visibility import works_at_desk
from messaging.consumers.access_watch import AccessSnapshot, access_watch_of
from messaging.consumers.frame_writer import FrameWriter
from messaging.consumers.handshake import BEARER, Credentials
from messaging.consumers.threads import in_thread

logger = logging.getLogger(__name__)

# Close codes; docs/realtime.md says what clients do about them.
NOT_SIGNED_IN = 4401
NO_ACCESS = 4403
NOT_FOUND = 4404
TOO_SLOW = 4408
TOO_BIG = 1009
TOO_MANY = 1008
SERVER_ERROR = 1011

# Frames that may wait for a client that does not read.
QUEUE_FRAMES = 500
MAX_FRAME_BYTES = 64 * 1024
MAX_FRAMES_PER_SECOND = 100
CLOSE_SECONDS = 5

UNAVAILABLE = "The database cannot do this at the moment. Nothing was changed. Please try again."


class BadFrame(Exception):
    """The client sent something that cannot be used; `str()` says why."""

    def __init__(self, detail: str, code: str = "bad_frame") -> None:
        super().__init__(detail)
        self.code = code


def passing_text(type: str, data: Any) -> str:
    """A passing frame (core/live/frames.py) as it is sent."""
    return json.dumps(passing_frame(type, data))


class DeskConsumer(AsyncWebsocketConsumer):
    """A socket of someone who works at the desk. Subclasses add what it shows and which frames it takes."""

    # There is no layer of this name: the hub subscribes once per process. With a subscription for every consumer, an
    # event took five times as long to reach 1,000 sockets.
    channel_layer_alias = "no layer"

    # Type of a frame from the client -> the method that handles it.
    handlers: ClassVar[dict[str, str]] = {}

    # The id of the customer whose chat this is; the inbox shows every chat.
    watched_customer: int | None = None

    async def connect(self) -> None:
        self.hub = attach()
        self.groups_joined: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.timer: asyncio.TimerHandle | None = None
        self.outgoing = FrameWriter(self._write, self.start, QUEUE_FRAMES)
        self.open = True
        # Set once the user is known to have lost the chat, until it is known which code to close with.
        self.muted = False
        # Said along with the close code.
        self.close_reason: str | None = None
        self.greeted = False
        self.key = uuid.uuid4().hex
        self.window, self.frames_in_window = 0, 0
        offered = self.scope.get("subprotocols") or []
        await self.accept(subprotocol=BEARER if BEARER in offered else None)
        credentials: Credentials | None = self.scope["credentials"]
        if not self.scope["origin_allowed"]:
            return await self.end(NO_ACCESS)
        if self.scope["unavailable"]:
            return await self.end(SERVER_ERROR)
        if credentials is None:
            return await self.end(NOT_SIGNED_IN)
        try:
            await self._admit(credentials)
        except Error as error:
            logger.error("a socket could not be opened: %s", error)
            await self.end(SERVER_ERROR)

    async def _admit(self, credentials: Credentials) -> None:
        self.user, self.session = credentials.session.user, credentials.session
        # The session may have ended since it was looked up, so listen first and then ask again.
        await self.listen(user_group(self.user.pk))
        if (code := await self._desk_refusal()) is not None:
            return await self.end(code)
        await self.listen(STAFF)
        left = (credentials.expires_at - timezone.now()).total_seconds()
        self.timer = asyncio.get_running_loop().call_later(max(left, 0), self.end_soon, NOT_SIGNED_IN)
        await self.opened()
        if self.open:
            access_watch_of(self.hub).add(self)

    # --- for subclasses ---

    async def opened(self) -> None:
        """The user is signed in and works at the desk: join groups and `greet`."""
        raise NotImplementedError

    async def refusal(self) -> int | None:
        """The code to close with if the user may no longer be here, else None. Asks the database."""
        return await self._desk_refusal()

    def may_stay(self, snapshot: AccessSnapshot, user: User) -> bool:
        """The same question, answered from a snapshot."""
        return works_at_desk(user)

    # --- rights ---

    def check_access(self, snapshot: AccessSnapshot) -> None:
        """Called every 25 s. If a right seems to be lost, the database is asked for the exact close code."""
        user = snapshot.users.get(self.session.pk)
        if user is None or not self.may_stay(snapshot, user):
            self.start(self.recheck())
        else:
            self.user = user

    async def recheck(self) -> bool:
        """Close the socket if the user has lost the right to it; return whether it stays open."""
        code = await self.refusal()
        if code is not None:
            await self.end(code)
        return code is None

    async def _desk_refusal(self) -> int | None:
        if not await in_thread(self._session_lives):
            return NOT_SIGNED_IN
        return None if works_at_desk(self.user) else NO_ACCESS

    def _session_lives(self) -> bool:
        session = Session.objects.live().select_related("user").filter(pk=self.session.pk).first()
        if session is None:
            return False
        self.user = session.user
        return True

    # --- events of the hub ---

    async def listen(self, group: str) -> None:
        self.groups_joined.append(group)
        await self.hub.join(group, self)

    def deliver(self, group: str, event: Hint) -> None:
        """Called by the hub. `recheck`: the rights of this user may have changed."""
        if group == STAFF:
            self._on_staff_event(event)
        elif event["type"] in ("recheck", "resync"):
            self.start(self.recheck())

    def _on_staff_event(self, event: Hint) -> None:
        """Send what everyone at the desk is told. Before `ready` the client has not loaded what it is about."""
        if event["type"] == "staff" and self.greeted:
            # Encoded once for all sockets of the process, which share the event.
            if "text" not in event:
                event["text"] = json.dumps(event["frame"])
            self.push(event["text"])

    # --- frames to the client ---

    def _write(self, text: str) -> Coroutine[Any, Any, None]:
        # Not `self.send`: its two coroutines around this one are a third of what a frame costs.
        write: Coroutine[Any, Any, None] = self.base_send({"type": "websocket.send", "text": text})
        return write

    def push(self, text: str) -> bool:
        """Queue a frame and return whether there was room. The socket of a client that does not read is closed."""
        if not self.open or self.muted:
            return False
        try:
            self.outgoing.put_nowait(text)
        except asyncio.QueueFull:
            self.end_soon(TOO_SLOW)
            return False
        return True

    def greet(self, data: dict[str, Any]) -> None:
        """Send `ready`, which is always the first frame."""
        self.push(passing_text("ready", data))
        self.greeted = True

    def push_error(self, code: str, detail: Any, client_id: Any = None) -> None:
        data = {"code": code, "detail": detail}
        if isinstance(client_id, str):
            data["client_id"] = client_id
        self.push(passing_text("error", data))

    # --- tasks, and the end ---

    def start(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[None]":
        """Run a task that is cancelled with the socket. If it fails, the socket is closed."""
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
            self.end_soon(SERVER_ERROR)

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
            await asyncio.wait_for(self.close(code=code, reason=self.close_reason), CLOSE_SECONDS)
        except (TimeoutError, OSError, RuntimeError):
            return  # a client that does not read cannot be told

    async def disconnect(self, code: int) -> None:
        self.open = False
        self._let_go()

    def _let_go(self, keep: "asyncio.Task[Any] | None" = None) -> None:
        access_watch_of(self.hub).remove(self)
        for group in self.groups_joined:
            self.hub.leave(group, self)
        if self.timer is not None:
            self.timer.cancel()
        for task in tuple(self.tasks):
            if task is not keep:
                task.cancel()

    # --- frames from the client ---

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
                raise BadFrame("Frames must be JSON text.")
            frame = safe_json.loads(text_data)
            if not isinstance(frame, dict):
                raise BadFrame("A frame must be a JSON object.")
            client_id = frame.get("client_id")
            name = frame.get("type")
            if not isinstance(name, str) or name not in self.handlers:
                raise BadFrame(f"Unknown frame type. Choose from: {', '.join(self.handlers)}.", code="unknown_type")
            await getattr(self, self.handlers[name])(frame)
        except (BadFrame, safe_json.BadJSON) as error:
            self.push_error(getattr(error, "code", "bad_frame"), str(error), client_id)
        except Error as error:
            if trouble_of(error) is None:
                raise
            logger.error("a frame could not be handled: %s", error)
            self.push_error("unavailable", UNAVAILABLE, client_id)

    def _too_many(self) -> bool:
        now = int(time.monotonic())
        if now != self.window:
            self.window, self.frames_in_window = now, 0
        self.frames_in_window += 1
        return self.frames_in_window > MAX_FRAMES_PER_SECOND

    async def on_ping(self, frame: dict[str, Any]) -> None:
        self.push(passing_text("pong", {}))
