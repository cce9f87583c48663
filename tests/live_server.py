"""The real ASGI application in a thread, on a loopback port. Without lifespan, so without a relay."""

import asyncio
import json
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from core.live import publishing
from core.live.hub import Hint
from core.live.publishing import attach, publish
from messaging.consumers.inbox import inbox_feed_of

# Seconds until a test gives up waiting. Reached only if something is broken or the machine is very busy.
PATIENCE = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class _Mark:
    """Joins a group and waits for its own event: everything older has arrived before it."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()

    def deliver(self, group: str, event: Hint) -> None:
        if event["type"] == "mark":
            self.seen.set()


async def _settled() -> None:
    hub, mark = attach(), _Mark()
    while hub.subscribers or inbox_feed_of(hub).loading:
        await asyncio.sleep(0.002)
    for sending in tuple(publishing._pending):
        await asyncio.wrap_future(sending)
    await hub.join("settled", mark)
    while not mark.seen.is_set():
        publish("settled", {"type": "mark"})
        with suppress(TimeoutError):  # Redis may have published it before it subscribed us: that is another connection
            await asyncio.wait_for(mark.seen.wait(), 0.5)
    hub.leave("settled", mark)


class LiveServer:
    """uvicorn in a thread, answering at `url`."""

    def __init__(self, application: Any = "config.asgi:application") -> None:
        self.port = free_port()
        config = uvicorn.Config(application, host="127.0.0.1", port=self.port, lifespan="off", log_level="warning")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self.server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait until no live event is on its way: what one test publishes must not reach the next."""
        loop = publishing._loop
        if loop is not None and not loop.is_closed():
            asyncio.run_coroutine_threadsafe(_settled(), loop).result(10)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


class Socket:
    """A client socket that sends and receives frames."""

    def __init__(self, server: LiveServer, path: str, token: str | None = None, **options: Any) -> None:
        if token is not None:
            options["subprotocols"] = ["bearer", token]
        # Frames that a test does not read may not hold up the end of the connection.
        options.setdefault("max_queue", None)
        self.connection: ClientConnection = connect(
            f"ws://127.0.0.1:{server.port}{path}", open_timeout=PATIENCE, close_timeout=2, legacy=True, **options
        )

    def read(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """The next frame. `counts` are passed over: an inbox sends them by the clock, between any two frames."""
        deadline = time.monotonic() + seconds
        while (frame := self._next(deadline))["type"] == "counts":
            pass
        return frame

    def read_type(self, type: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """Read until a frame of this type comes, and return it."""
        deadline = time.monotonic() + seconds
        while (frame := self._next(deadline))["type"] != type:
            pass
        return frame

    def _next(self, deadline: float) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.connection.recv(timeout=max(deadline - time.monotonic(), 0.01)))
        return frame

    def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for some time. Fails if something does."""
        try:
            frame = self.read(seconds)
        except TimeoutError:
            return True
        raise AssertionError(f"unexpected frame {frame}")

    def until_closed(self, seconds: float = PATIENCE) -> tuple[list[dict[str, Any]], int]:
        """Read until the server closes: the frames that came, and the close code."""
        frames: list[dict[str, Any]] = []
        deadline = time.monotonic() + seconds
        while True:
            try:
                frames.append(self.read(max(deadline - time.monotonic(), 0.01)))
            except ConnectionClosed as closed:
                assert closed.rcvd is not None, "dropped without a close frame"  # noqa: PT017
                return frames, closed.rcvd.code

    def close_reason(self, seconds: float = PATIENCE) -> tuple[int, str]:
        """The code with which the server closes, and the reason that it says."""
        code = self.close_code(seconds)
        closed = self.connection.protocol.close_rcvd
        return code, closed.reason if closed is not None else ""

    def close_code(self, seconds: float = PATIENCE) -> int:
        return self.until_closed(seconds)[1]

    def say(self, **frame: Any) -> None:
        self.connection.send(json.dumps(frame))

    def close(self) -> None:
        self.connection.close()
