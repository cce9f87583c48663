"""Bodies of requests: read completely before a thread is taken, and no larger than the path and the sender allow."""

import asyncio
import codecs
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO

from django.conf import settings
from django.utils.http import parse_header_parameters

from config.asgi_types import Receive, Scope, Send
from config.errors import send_refusal
from config.lanes import Lane, LaneFull
from config.spool import disks
from config.uploads import SMALL_BYTES, BodyRefused, Uploads, content_type_of
from core.files.storage import NoRoom

logger = logging.getLogger("patter")

MEMORY_BYTES = 1024 * 1024
SILENCE_SECONDS = 30
# Django decodes the query string in the charset of the body. Some of Python's codecs are not charsets (base64), and
# some turn plain ASCII into NULs and lone surrogates (unicode_escape).
CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1"})

# Answers a request, given its whole body.
Application = Callable[[Scope, IO[bytes], Receive, Send], Awaitable[None]]


class SpoolBody:
    """ASGI middleware that reads the whole request body before the application gets the request.

    Without it ten slow uploads would occupy all threads. Bodies up to 1 MB stay in memory, larger ones go to disk. What
    is larger than 64 KB must be allowed first (config/uploads.py). Answers 413 if the body is larger than the limit of
    the request, 408 if nothing arrives for 30 seconds or not all of it within MAX_UPLOAD_SECONDS, and 503 if the
    temporary directory cannot take it.
    """

    def __init__(self, app: Application, lane: Lane) -> None:
        self.app = app
        self.uploads = Uploads(lane)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as held:
            try:
                length = _checked_length(scope)
                body = await self._read(scope, receive, length, held) if length is not None else BytesIO()
            except BodyRefused as refused:
                return await refused.tell(send, scope)
            except LaneFull as full:
                return await send_refusal(send, scope, 503, str(full), retry_after=full.retry_after, code="busy")
            if body is not None:
                await self.app(_measured(scope, body), body, receive, send)

    async def _read(self, scope: Scope, receive: Receive, announced: int, held: ExitStack) -> IO[bytes] | None:
        """Return the body, rewound; None if the client left. Raises BodyRefused and LaneFull."""
        limit = SMALL_BYTES if announced <= SMALL_BYTES else await self.uploads.admit(scope, announced, held)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + settings.MAX_UPLOAD_SECONDS
        spool: IO[bytes] | None = None
        size = 0
        while True:
            try:
                async with asyncio.timeout_at(min(loop.time() + SILENCE_SECONDS, deadline)):
                    message = await receive()
            except TimeoutError:
                raise BodyRefused(408, "The body did not arrive in time.")
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                # It was not announced: a chunked body, say.
                limit = await self.uploads.admit(scope, size, held) if limit == SMALL_BYTES else limit
                self.uploads.check_size(size, limit)
            last = not message.get("more_body", False)
            if spool is None:
                if last:
                    return BytesIO(chunk)
                spool = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - `held` closes it
                held.callback(_close, spool)
            if size > MEMORY_BYTES:
                await _on_disk(partial(_append, spool, chunk))
            else:
                spool.write(chunk)
            if last:
                spool.seek(0)
                return spool


async def _on_disk(work: Callable[[], object]) -> None:
    """Do what touches the temporary directory, in a thread. Raises BodyRefused if it takes nothing."""
    try:
        await asyncio.get_running_loop().run_in_executor(disks, work)
    except OSError as error:
        logger.error("a body cannot be written to the temporary directory: %s", error)
        raise BodyRefused(NoRoom.status_code, str(NoRoom.default_detail), NoRoom.wait, code=NoRoom.default_code)


def _append(spool: IO[bytes], chunk: bytes) -> None:
    spool.write(chunk)
    spool.flush()


def _close(spool: IO[bytes]) -> None:
    try:
        spool.close()
    except OSError:
        pass  # the disk is full, and the rest of the buffer is not wanted any more


def _checked_length(scope: Scope) -> int | None:
    """Return the announced length of the body, 0 if it is not known, None if there is none. Raises BodyRefused."""
    headers = dict(scope["headers"])
    if not scope["query_string"].isascii():
        raise BodyRefused(400, "The query string must be percent-encoded.")
    if not _readable(content_type_of(scope)):
        raise BodyRefused(415, "The charset of the Content-Type must be utf-8, us-ascii or iso-8859-1.")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise BodyRefused(400, "Content-Length must be a number.")
    if scope.get("method") == "GET" and b"content-length" not in headers and b"transfer-encoding" not in headers:
        return None  # there is no body to wait for
    return int(length[:20])


def _readable(content_type: bytes) -> bool:
    """Whether Django can handle this Content-Type. For some charsets it raises before any middleware runs."""
    try:
        charset = parse_header_parameters(content_type.decode("latin1"))[1].get("charset", "utf-8")
        return codecs.lookup(charset).name in CHARSETS
    except (LookupError, TypeError, ValueError):
        return False


def _measured(scope: Scope, body: IO[bytes]) -> Scope:
    """Give a chunked request a Content-Length. Without one WSGI would read nothing of its body."""
    if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return scope
    size = body.seek(0, 2)
    body.seek(0)
    headers = [part for part in scope["headers"] if part[0] not in (b"transfer-encoding", b"content-length")]
    return {**scope, "headers": [*headers, (b"content-length", str(size).encode())]}
