"""Runs Django's synchronous WSGI application in threads under ASGI. No thread ever waits for a client.

The body of a request has been read before its view starts. The view's thread returns the whole answer, and the event
loop sends it; of a file, it returns the open file. A streamed answer is made by another thread, as fast as the
database gives it, into a spool from which the loop sends. docs/decisions/001-architecture.md and 019-lanes.md have the
reasons and the measurements.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Protocol

from a2wsgi.wsgi import build_environ

from config.answers import Answer, ClientGone, FromFile, Held, Holding, Patience, Streamed, Whole
from config.asgi_types import Message, Receive, Scope, Send
from config.errors import send_refusal
from config.lanes import LaneFull, Lanes
from config.spool import PIECE_BYTES, Room
from core.holding import take_hold

logger = logging.getLogger("patter")

# Exports of a million customers take some 200 MB.
SPOOL_BYTES = 2 * 1024**3

Environ = dict[str, Any]


class WSGIApplication(Protocol):
    """A WSGI application whose responses say whether they are streamed, as Django's do."""

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Any: ...


class OpenFile:
    """`wsgi.file_wrapper`: what Django returns instead of a response that is a file. Closing it closes the response."""

    streaming = True

    def __init__(self, file: IO[bytes], block_bytes: int = PIECE_BYTES) -> None:
        self.file, self.block_bytes = file, block_bytes

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.block_bytes), b"")

    def close(self) -> None:
        self.file.close()


class Bridge:
    """Runs a WSGI application for requests whose bodies have already been read.

    A client who accepts nothing of an answer for `patience` seconds is cut off.
    """

    def __init__(
        self, application: WSGIApplication, lanes: Lanes, patience: float = 30, spool_bytes: int = SPOOL_BYTES
    ) -> None:
        self.application = application
        self.lanes = lanes
        self.patience = patience
        self.room = Room(spool_bytes)
        self.holding = Holding()

    async def __call__(self, scope: Scope, body: IO[bytes], receive: Receive, send: Send) -> None:
        await self.answer(scope, receive, send, lambda: self.run_view(scope, body))

    async def answer(self, scope: Scope, receive: Receive, send: Send, make: Callable[[], Answer]) -> None:
        """Send what `make` returns. It is called in a thread of the request's lane; 503 if none becomes free.

        An answer that is to be held back waits here, without a thread.
        """
        try:
            answer = await self.lanes.of(scope).run(make)
            client = Patience(receive, send, self.patience)
            if isinstance(answer, Held):
                answer = await self.holding.over(answer, client)
            await answer.send(client)
        except ClientGone:
            pass  # while the answer was held back
        except LaneFull as full:
            logger.warning("a %s is refused: its lane is full", scope["method"])
            await send_refusal(send, scope, 503, str(full), retry_after=full.retry_after, code="busy")

    def run_view(self, scope: Scope, body: IO[bytes], more_environ: Environ | None = None) -> Answer:
        """Run the view, in a thread. `more_environ` is what it finds in `request.META` beside the request."""
        environ: Any = build_environ(scope, body)  # type: ignore[arg-type]  # its scope is a TypedDict
        environ |= {"wsgi.file_wrapper": OpenFile, **(more_environ or {})}
        head: Message = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            encoded = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
            head.update(type="http.response.start", status=int(status.split(" ", 1)[0]), headers=encoded)

        response = self.application(environ, start_response)
        answer = self._answer(head, response, environ)
        hold = take_hold()
        return answer if hold is None else Held(hold, answer)

    def _answer(self, head: Message, response: Any, environ: Environ) -> Answer:
        only_head = environ["REQUEST_METHOD"] == "HEAD"
        if not response.streaming or only_head:
            try:
                return Whole(head, b"" if response.streaming else b"".join(response))
            finally:
                response.close()
        if isinstance(response, OpenFile) and (answer := _from_file(head, response)) is not None:
            return answer
        length_first = environ["SERVER_PROTOCOL"] == "HTTP/1.0"
        return Streamed(head, response, self.lanes.exports, self.room, length_first=length_first)


def _from_file(head: Message, response: OpenFile) -> Answer | None:
    """Return an answer that has the file for itself, or None if it is not a file of the operating system."""
    try:
        descriptor, start = response.file.fileno(), response.file.tell()
    except (AttributeError, OSError):  # OSError: io.UnsupportedOperation
        return None
    try:
        length = _content_length(head["headers"])
        if length is None:
            length = os.fstat(descriptor).st_size - start
        if length <= PIECE_BYTES:
            return Whole(head, os.pread(descriptor, length, start))
        return FromFile(head, os.fdopen(os.dup(descriptor), "rb", buffering=0), start, length)
    finally:
        response.close()


def _content_length(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    return next((int(value) for name, value in headers if name == b"content-length"), None)
