"""How the event loop sends an answer to a client who may be slow."""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any, Protocol

from config.asgi_types import Message, Receive, Send
from config.lanes import Lane, LaneFull
from config.spool import PIECE_BYTES, Room, Spool, SpoolFull, disks
from core.holding import Hold

logger = logging.getLogger("patter")

# At once from a file.
READ_BYTES = 1024 * 1024

# Held back for one login: whoever guesses it from everywhere gets no more answers at once.
MOST_OF_ONE_KEY = 5
# Held back in all. Each keeps a connection and some kilobytes.
MOST = 500
BUSY = "Too many people are signing in at the moment. Please try again later."


class ClientGone(Exception):
    """The client does not accept any more of the answer."""


class Patience:
    """A client, who must accept each piece of an answer within `seconds`."""

    def __init__(self, receive: Receive, send: Send, seconds: float) -> None:
        self._receive, self._send, self._seconds = receive, send, seconds
        self._leaving: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        """Send a message, in pieces that a slow client can accept in time. Raises ClientGone."""
        if self._leaving is not None and self._leaving.done():
            raise ClientGone  # servers drop data for a closed connection without an error
        for piece in _pieces(message):
            try:
                async with asyncio.timeout(self._seconds):
                    await self._send(piece)
            except TimeoutError:
                raise ClientGone

    def watch(self) -> None:
        """Notice when the client leaves: the next `send` fails then."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(_disconnected(self._receive))

    async def wait(self, seconds: float) -> None:
        """Let the client wait. Raises ClientGone as soon as they leave."""
        self.watch()
        assert self._leaving is not None
        left, _ = await asyncio.wait({self._leaving}, timeout=seconds)
        if left:
            raise ClientGone
        self.forget()
        self._leaving = None

    def forget(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()


class Answer(Protocol):
    async def send(self, client: Patience) -> None:
        """Send everything; or, if the client is gone, leave out the end, so that the server drops the connection."""


class Whole:
    """An answer that is complete."""

    def __init__(self, head: Message, body: bytes) -> None:
        self.head, self.body = head, body

    async def send(self, client: Patience) -> None:
        try:
            await client.send(self.head)
            await client.send({"type": "http.response.body", "body": self.body})
        except ClientGone:
            pass


class FromFile:
    """A part of a file, which is closed at the end."""

    def __init__(self, head: Message, file: IO[bytes], start: int, length: int) -> None:
        self.head, self.file, self.start, self.length = head, file, start, length

    async def send(self, client: Patience) -> None:
        loop = asyncio.get_running_loop()
        at, end = self.start, self.start + self.length
        client.watch()
        try:
            await client.send(self.head)
            while at < end:
                size = min(READ_BYTES, end - at)
                chunk = await loop.run_in_executor(disks, os.pread, self.file.fileno(), size, at)
                if not chunk:
                    return  # somebody cut the file off meanwhile
                at += len(chunk)
                await client.send({"type": "http.response.body", "body": chunk, "more_body": True})
            await client.send({"type": "http.response.body", "body": b""})
        except ClientGone:
            pass
        finally:
            client.forget()
            self.file.close()


class Streamed:
    """An answer that is yet to be made, by a thread of `lane`, into a spool.

    If making it fails in the middle, it has no end, and the server drops the connection. HTTP/1.0, which some proxies
    speak, ends each answer by dropping the connection, so a part would look like the whole. With `length_first` it is
    made first, and sent with its length.
    """

    def __init__(self, head: Message, response: Any, lane: Lane, room: Room, *, length_first: bool = False) -> None:
        self.head, self.response, self.lane, self.room = head, response, lane, room
        self.length_first = length_first

    async def send(self, client: Patience) -> None:
        """Raises LaneFull if nothing of the answer was sent, and whatever making it raised."""
        spool = Spool(asyncio.get_running_loop(), self.room)
        making = asyncio.create_task(self.lane.run(_make, self.response, spool))
        making.add_done_callback(lambda _: spool.wake())
        client.watch()
        try:
            if self.length_first:
                await making
                length = (b"content-length", str(spool.size).encode())
                self.head = {**self.head, "headers": [*self.head["headers"], length]}
            await self._pass_on(spool, client, making)
            making.result()
            await client.send({"type": "http.response.body", "body": b""})
        except ClientGone:
            pass
        except SpoolFull as full:
            logger.error("an answer is cut off: %s", full)
        except LaneFull:
            self.response.close()
            raise
        finally:
            spool.abandon()
            await asyncio.gather(making, return_exceptions=True)
            client.forget()
            spool.close()

    async def _pass_on(self, spool: Spool, client: Patience, making: "asyncio.Task[None]") -> None:
        """Send the head with the first piece, and what else there is until no more is made."""
        begun = False
        while (piece := await spool.read()) or not making.done():
            if not piece:
                continue
            if not begun:
                begun = True
                await client.send(self.head)
            await client.send({"type": "http.response.body", "body": piece, "more_body": True})
        if not begun and making.exception() is None:
            await client.send(self.head)


class Held:
    """An answer that waits. It is sent by whoever waited for it (`Holding.over`)."""

    def __init__(self, hold: Hold, answer: Answer) -> None:
        self.hold, self.answer = hold, answer

    async def send(self, client: Patience) -> None:
        await self.answer.send(client)


class Holding:
    """The answers that this process holds back. All of it belongs to the event loop."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()

    async def over(self, held: Held, client: Patience) -> Answer:
        """Wait, and return the answer. Raises LaneFull in place of it if too many wait, ClientGone if nobody does."""
        key = held.hold.key
        if self.held[key] >= MOST_OF_ONE_KEY or self.held.total() >= MOST:
            raise LaneFull(BUSY, int(held.hold.seconds))
        self.held[key] += 1
        try:
            await client.wait(held.hold.seconds)
        finally:
            self.held[key] -= 1
            if not self.held[key]:
                del self.held[key]
        return held.answer


def _make(response: Any, spool: Spool) -> None:
    """Write the response into the spool, in a thread."""
    try:
        for chunk in response:
            spool.write(chunk)
    finally:
        response.close()


def _pieces(message: Message) -> Iterator[Message]:
    """Split a message into parts small enough for a slow client to accept in time."""
    body = message.get("body", b"")
    if len(body) <= PIECE_BYTES:
        yield message
        return
    last = len(body) - PIECE_BYTES
    for at in range(0, len(body), PIECE_BYTES):
        more = message.get("more_body", False) or at < last
        yield {**message, "body": body[at : at + PIECE_BYTES], "more_body": more}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
