"""WebSocket clients by the thousand in one event loop: just enough of the protocol to see frames come."""

import asyncio
import base64
import os
import struct
import time
from collections.abc import Callable

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
OPENING = 32  # handshakes at once


class Crowd:
    """All sockets of one measurement, and what they wait for."""

    def __init__(self) -> None:
        self.members: list[Socket] = []
        self.lost: list[str] = []  # why, of those that were closed
        self._last_text = 0.0
        self._wanted = b"\0"
        self._arrived: list[float] = []
        self._all_there: asyncio.Future[None] | None = None

    async def open(self, number: int, port: int, path: str, token: str) -> None:
        """Open sockets until there are `number`; each has got its first frame then."""
        limit = asyncio.Semaphore(OPENING)

        async def one() -> None:
            async with limit:
                socket = Socket(self._on_text, self.lost.append, path, token)
                await asyncio.get_running_loop().create_connection(lambda: socket, "127.0.0.1", port)
                await socket.opened
                self.members.append(socket)

        await asyncio.gather(*(one() for _ in range(number - len(self.members))))

    async def quiet(self, seconds: float = 0.5) -> None:
        """Wait until nothing has come for a while: the newcomers were announced to each other."""
        while time.perf_counter() - self._last_text < seconds:
            await asyncio.sleep(seconds / 5)

    async def hear(self, wanted: str, act: Callable[[], None], seconds: float = 30.0) -> list[float]:
        """Do `act` and return how long after it the frame with `wanted` in it came to each socket."""
        self._wanted, self._arrived = wanted.encode(), []
        self._all_there = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        act()
        try:
            await asyncio.wait_for(self._all_there, seconds)
        except TimeoutError:
            came = f"the frame came to {len(self._arrived)} of {len(self.members)} sockets"
            raise RuntimeError(f"{came}; {len(self.lost)} were closed: {', '.join(sorted(set(self.lost)))}")
        return [at - started for at in self._arrived]

    def _on_text(self, payload: bytes) -> None:
        self._last_text = time.perf_counter()
        if self._wanted not in payload or b'"chat_message"' not in payload:
            return
        self._arrived.append(self._last_text)
        if len(self._arrived) == len(self.members) and self._all_there is not None and not self._all_there.done():
            self._all_there.set_result(None)


class Socket(asyncio.Protocol):
    """One client socket."""

    transport: asyncio.Transport

    def __init__(self, on_text: Callable[[bytes], None], on_lost: Callable[[str], None], path: str, token: str) -> None:
        self.on_text, self.on_lost = on_text, on_lost
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._path, self._token = path, token
        self._upgraded = False
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: bearer, {self._token}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self._fail(f"no upgrade: {bytes(self._buffer[:200])!r}")
                return
            self._upgraded = True
            del self._buffer[: end + 4]
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        """Handle one whole frame of the buffer. A server does not mask, and ours do not fragment."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1] & 0x7F, 2
        if length == 126:
            start = 4
            if len(buffer) < start:
                return False
            length = struct.unpack_from("!H", buffer, 2)[0]
        elif length == 127:
            start = 10
            if len(buffer) < start:
                return False
            length = struct.unpack_from("!Q", buffer, 2)[0]
        if len(buffer) < start + length:
            return False
        kind, payload = buffer[0] & 0x0F, bytes(buffer[start : start + length])
        del buffer[: start + length]
        self._handle(kind, payload)
        return True

    def _handle(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            if not self.opened.done():
                self.opened.set_result(None)
            self.on_text(payload)
        elif kind == PING:
            # Masked with zeros: a mask there must be.
            self.transport.write(bytes((0x80 | PONG, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif kind == CLOSE:
            code = int.from_bytes(payload[:2], "big")
            self.on_lost(f"closed with {code}")
            self._fail(f"closed with {code}")

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"connection lost: {error}")

    def _fail(self, why: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(why))
