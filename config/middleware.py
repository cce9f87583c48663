"""What stands in front of the views: whole bodies within bounds, and nothing that cannot be stored."""

import asyncio
import codecs
import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.utils.http import parse_header_parameters

from config.asgi_types import Receive, Scope, Send
from config.errors import refuse, shaped
from config.health import livez, readyz
from config.metrics import metrics

MEMORY_BYTES = 1024 * 1024
SILENCE_SECONDS = 30
# What a multipart body holds beside its file: the other fields and the boundaries.
MULTIPART_SLACK = 1024 * 1024
WEBHOOK = "/api/webhook"
# Django reads the query string in the charset of the body. Of all that Python knows under such a name some is no
# charset (base64), and some makes NULs and lone surrogates of plain ASCII (unicode_escape).
CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1"})


# Takes a request with its whole body, and answers it.
Application = Callable[[Scope, IO[bytes], Receive, Send], Awaitable[None]]


class SpoolBody:
    """ASGI: read the request body whole before the application sees the request.

    Otherwise ten slow uploads would hold every thread. Bodies up to 1 MB stay in memory, larger ones go to disk.
    Answers 413 past the limit of the request, 408 when nothing arrives for 30 seconds.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        # As WSGI joins several of them.
        content_type = b",".join(value for name, value in scope["headers"] if name == b"content-type")
        limit = body_limit(scope["path"], content_type)
        if (refusal := _refusal_of_head(scope, content_type, headers.get(b"content-length", b"0"), limit)) is not None:
            return await _refuse(send, scope, *refusal)
        if scope.get("method") == "GET" and b"content-length" not in headers and b"transfer-encoding" not in headers:
            return await self.app(scope, BytesIO(), receive, send)  # no body, nothing to wait for
        with SpooledTemporaryFile(max_size=MEMORY_BYTES) as spool:
            size = 0
            while True:
                try:
                    message = await asyncio.wait_for(receive(), SILENCE_SECONDS)
                except TimeoutError:
                    return await _refuse(send, scope, 408, "The body did not arrive in time.")
                if message["type"] == "http.disconnect":
                    return None
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    return await _refuse(send, scope, 413, f"The body is larger than {limit} bytes.")
                if not message.get("more_body", False) and size == len(chunk):
                    return await self.app(_measured(scope, size), BytesIO(chunk), receive, send)
                spool.write(chunk)
                if not message.get("more_body", False):
                    break
            spool.seek(0)
            await self.app(_measured(scope, size), spool, receive, send)


def _refusal_of_head(scope: Scope, content_type: bytes, length: bytes, limit: int) -> tuple[int, str] | None:
    """Status and text when the head of a request is reason enough to refuse it; None to read its body."""
    if not scope["query_string"].isascii():
        return 400, "The query string must be percent-encoded."
    if not _readable(content_type):
        return 415, "The charset of the Content-Type must be utf-8, us-ascii or iso-8859-1."
    if not length.isdigit():
        return 400, "Content-Length is not a number."
    if int(length[:20]) > limit:
        return 413, f"The body is larger than {limit} bytes."
    return None


def body_limit(path: str, content_type: bytes) -> int:
    """The number of bytes a request's body may have: uploads MAX_UPLOAD_MB, all else what a webhook may.

    The webhook takes no uploads: what calls itself one there would only fill the disk.
    """
    if content_type[:10].lower() == b"multipart/" and not path.startswith(WEBHOOK):
        return settings.MAX_UPLOAD_MB * 1024 * 1024 + MULTIPART_SLACK
    limit: int = settings.WEBHOOK_MAX_BYTES
    return limit


def _readable(content_type: bytes) -> bool:
    """Whether Django can read a request that declares this: it raises for some, before any middleware."""
    try:
        charset = parse_header_parameters(content_type.decode("latin1"))[1].get("charset", "utf-8")
        return codecs.lookup(charset).name in CHARSETS
    except (LookupError, TypeError, ValueError):
        return False


def _measured(scope: Scope, size: int) -> Scope:
    """The request as if it had come with a Content-Length: of one that came in chunks WSGI would read nothing."""
    if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return scope
    headers = [part for part in scope["headers"] if part[0] not in (b"transfer-encoding", b"content-length")]
    return {**scope, "headers": [*headers, (b"content-length", str(size).encode())]}


async def _refuse(send: Send, scope: Scope, status: int, detail: str) -> None:
    body = json.dumps(shaped(scope["path"], {"detail": detail})).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    origin = dict(scope["headers"]).get(b"origin", b"")
    if origin.decode("latin1") in settings.CORS_ALLOWED_ORIGINS:
        # No middleware of Django's sees this answer, and without it a page is told of a network error.
        headers += [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


# None: not for who asks, who learns no more than of any path that is not there.
PROBES: dict[str, Callable[[HttpRequest], HttpResponse | None]] = {
    "/livez": livez,
    "/readyz": readyz,
    "/metrics": metrics,
}


class ProbesMiddleware:
    """Answer PROBES before anything else is looked at.

    Probes come by address and without TLS: ALLOWED_HOSTS and HTTPS_ONLY would turn them away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        answer = probe(request) if probe is not None else None
        return answer if answer is not None else self.get_response(request)


class SlashMiddleware(CommonMiddleware):
    """Django's, which sends a path without its slash to the one with it, for requests that only read.

    A redirected POST comes back as a GET; under DEBUG Django ends it in a 500 instead. Both are a 404 here.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in ("GET", "HEAD") and bool(super().should_redirect_with_slash(request))


class RefuseUnstorableMiddleware:
    """Refuse NUL characters in the path and the query, where PostgreSQL would fail on them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return refuse(request, 400, "NUL characters are not allowed.")
        return self.get_response(request)
