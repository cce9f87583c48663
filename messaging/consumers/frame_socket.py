"""The mechanics of a socket: frames in both directions, a bounded number of them, its tasks, and how it closes."""

# mypy: allow-subclassing-any
# The package channels has no types.

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, ClassVar

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error

from core import safe_json
from core.db.failures import trouble_of
from core.live.frames import passing_text
from messaging.consumers.frame_writer import FrameWriter

logger = logging.getLogger(__name__)

# Close codes; docs/realtime.md says what clients do about them.
TOO_SLOW = 4408
TOO_BIG = 1009
TOO_MANY = 1008
SERVER_ERROR = 1011

# Frames that may wait for a client that does not read.
QUEUE_FRAMES = 500
MAX_FRAME_BYTES = 64 * 1024
MAX_FRAMES_PER_SECOND = 100
CLOSE_SECONDS = 5

# A message is sent once however often its `client_id` comes.
UNAVAILABLE = "The database cannot do this at the moment. Please try again."


class BadFrame(Exception):
    """The client sent something that cannot be used; `str()` says why."""

    def __init__(self, detail: str, code: str = "bad_frame") -> None:
        super().__init__(detail)
        self.code = code


class FrameSocket(AsyncWebsocketConsumer):
    """A socket of JSON text frames. Subclasses say who may open it, and which frames it takes."""

    # There is no layer of this name: the hub subscribes once per process. With a subscription for every consumer, an
    # event took five times as long to reach 1,000 sockets.
    channel_layer_alias = "no layer"

    # Type of a frame from the client -> the method that handles it.
    handlers: ClassVar[dict[str, str]] = {}

    open = True
    # Set once the user is known to have lost what is shown, until it is known which code to close with.
    muted = False
    # Said along with the close code.
    close_reason: str | None = None
    window, frames_in_window = 0, 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tasks: list[asyncio.Task[None]] = []
        # When the client last sent a frame that is more than a sign of life.
        self.used_at = time.monotonic()
        self.outgoing = FrameWriter(self._write, self.start, QUEUE_FRAMES)

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Without Channels' own closing of old connections, a thread's work for each message: ours are closed by the
        # threads that opened them (messaging/consumers/threads.py).
        await getattr(self, get_handler_name(message))(message)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        await self.disconnect(message["code"])
        raise StopConsumer

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

    def push_error(self, code: str, detail: Any, client_id: Any = None, **more: Any) -> None:
        data = {"code": code, "detail": detail, **more}
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
            if name != "ping":
                self.used_at = time.monotonic()
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
