"""A closed-loop HTTP client on keep-alive connections: small enough not to be what is measured."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Load:
    """What a round of requests gave. Latencies in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


class BadAnswer(Exception):
    """A server answered something else than 200 or 201; `str()` is its answer."""


class Connection(asyncio.Protocol):
    """One keep-alive connection: one request at a time."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def ask(self, request: bytes) -> bytes:
        """Send a whole request and return the whole answer with its headers. Raises BadAnswer unless 200 or 201."""
        if self.transport.is_closing():
            raise ConnectionResetError("the server closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        answer = await self._answer
        if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise BadAnswer(answer[:2000].decode("latin1"))
        return answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._answer is not None and not self._answer.done() and _complete(self._buffer):
            answer = bytes(self._buffer)
            self._buffer.clear()
            self._answer.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server closed the connection"))


def _complete(answer: bytearray) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    headers = bytes(answer[:end]).lower()
    at = headers.find(b"content-length:")
    if at < 0:
        return answer.endswith(b"0\r\n\r\n")
    length = int(headers[at + 15 :].split(b"\r\n", 1)[0])
    return len(answer) >= end + 4 + length


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def get(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, token: str, body: Any) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def ask(port: int, request: bytes) -> Any:
    """Put one request, and return what its answer holds."""
    connection = await connect(port)
    answer = await connection.ask(request)
    connection.transport.close()
    return json.loads(answer.partition(b"\r\n\r\n")[2])


async def run(port: int, requests: Iterator[bytes], *, connections: int, seconds: float | None = None) -> Load:
    """Put `requests` to a server, each connection one at a time, for so long or until there are no more."""
    load = Load()
    opened = [await connect(port) for _ in range(connections)]
    started = time.perf_counter()

    async def drive(connection: Connection) -> None:
        for request in requests:
            at = time.perf_counter()
            if seconds is not None and at - started > seconds:
                return
            await connection.ask(request)
            load.latencies.append(time.perf_counter() - at)

    await asyncio.gather(*(drive(connection) for connection in opened))
    load.seconds = time.perf_counter() - started
    for connection in opened:
        connection.transport.close()
    return load
