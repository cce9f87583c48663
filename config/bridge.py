"""Runs Django's synchronous WSGI application in a thread pool under ASGI.

a2wsgi's own middleware switches between the thread and the event loop four times per request: for the body, the status,
the content and the end. Here the body has been read before the view starts, and a complete response is returned as the
result of the thread, so there is one switch. docs/decisions/001-architecture.md has the measurements.
"""

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Protocol

from a2wsgi.wsgi import build_environ

from config.asgi_types import Message, Receive, Scope, Send

# A client must accept this many bytes within the patience of the bridge.
PIECE_BYTES = 64 * 1024

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class WSGIApplication(Protocol):
    """A WSGI application whose responses say whether they are streamed, as Django's do."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any: ...


class ClientGone(Exception):
    """The client does not accept any more of the response."""


class Bridge:
    """Runs a WSGI application for requests whose bodies have already been read.

    A streamed response is cut off if the client accepts nothing for `patience` seconds, so that it holds no thread.
    """

    def __init__(self, application: WSGIApplication, threads: int, patience: float = 30) -> None:
        self.application = application
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix="http")
        self.patience = patience

    async def __call__(self, scope: Scope, body: IO[bytes], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        leaving: asyncio.Task[None] | None = None

        async def pass_on(message: Message) -> None:
            nonlocal leaving
            if leaving is None:
                leaving = asyncio.create_task(_disconnected(receive))
            if leaving.done():
                raise ClientGone  # servers drop data for a closed connection without an error
            for piece in _pieces(message):
                async with asyncio.timeout(self.patience):
                    await send(piece)

        def stream(message: Message) -> None:
            """Send from the thread and wait until the client can accept more. Raises ClientGone."""
            try:
                asyncio.run_coroutine_threadsafe(pass_on(message), loop).result()
            except TimeoutError:
                raise ClientGone

        environ: Any = build_environ(scope, body)  # type: ignore[arg-type]  # its scope is a TypedDict
        work = contextvars.copy_context().run
        try:
            for message in await loop.run_in_executor(self.executor, work, self._answer, environ, stream):
                await send(message)
        finally:
            if leaving is not None:
                leaving.cancel()

    def _answer(self, environ: Environ, stream: Callable[[Message], None]) -> Iterable[Message]:
        """Run the view. Return the messages that are still to be sent; a streamed response has been sent already."""
        head: Message = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            encoded = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
            head.update(type="http.response.start", status=int(status.split(" ", 1)[0]), headers=encoded)

        response = self.application(environ, start_response)
        try:
            if not response.streaming:
                return head, {"type": "http.response.body", "body": b"".join(response)}
            stream(head)
            for chunk in response:
                stream({"type": "http.response.body", "body": chunk, "more_body": True})
            return ({"type": "http.response.body", "body": b""},)
        except ClientGone:
            return ()  # without the end, so that the server drops the connection and the client sees it is incomplete
        finally:
            response.close()


def _pieces(message: Message) -> Iterator[Message]:
    """Split a message into parts small enough for a slow client to accept in time."""
    body = message.get("body", b"")
    if len(body) <= PIECE_BYTES:
        yield message
        return
    for at in range(0, len(body), PIECE_BYTES):
        yield {**message, "body": body[at : at + PIECE_BYTES]}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
