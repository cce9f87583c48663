"""What requests pass before they reach a view: limits on bodies, probes, and checks for text that cannot be stored."""

import asyncio
import codecs
from collections.abc import Awaitable, Callable
from io import BytesIO
from math import ceil
from tempfile import SpooledTemporaryFile
from typing import IO

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import APIException

from config.asgi_types import Receive, Scope, Send
from config.errors import refuse, send_refusal
from config.health import livez, readyz
from config.metrics import metrics
from core.admin import texts_of

MEMORY_BYTES = 1024 * 1024
SILENCE_SECONDS = 30
# Room in a multipart body for everything but the file: the other fields and the boundaries.
MULTIPART_SLACK = 1024 * 1024
WEBHOOK = "/api/webhook"
# Django decodes the query string in the charset of the body. Some of Python's codecs are not charsets (base64), and
# some turn plain ASCII into NULs and lone surrogates (unicode_escape).
CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1"})


# Answers a request, given its whole body.
Application = Callable[[Scope, IO[bytes], Receive, Send], Awaitable[None]]


class SpoolBody:
    """ASGI middleware that reads the whole request body before the application gets the request.

    Without it ten slow uploads would occupy all threads. Bodies up to 1 MB stay in memory, larger ones go to disk.
    Answers 413 if the body is larger than the limit of the request, and 408 if nothing arrives for 30 seconds.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        # If there are several they are joined, as WSGI does.
        content_type = b",".join(value for name, value in scope["headers"] if name == b"content-type")
        limit = body_limit(scope["path"], content_type)
        if (refusal := _refusal_of_head(scope, content_type, headers.get(b"content-length", b"0"), limit)) is not None:
            return await send_refusal(send, scope, *refusal)
        if scope.get("method") == "GET" and b"content-length" not in headers and b"transfer-encoding" not in headers:
            return await self.app(scope, BytesIO(), receive, send)  # there is no body to wait for
        with SpooledTemporaryFile(max_size=MEMORY_BYTES) as spool:
            size = 0
            while True:
                try:
                    message = await asyncio.wait_for(receive(), SILENCE_SECONDS)
                except TimeoutError:
                    return await send_refusal(send, scope, 408, "The body did not arrive in time.")
                if message["type"] == "http.disconnect":
                    return None
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    return await send_refusal(send, scope, 413, f"The body is larger than {limit} bytes.")
                if not message.get("more_body", False) and size == len(chunk):
                    return await self.app(_measured(scope, size), BytesIO(chunk), receive, send)
                spool.write(chunk)
                if not message.get("more_body", False):
                    break
            spool.seek(0)
            await self.app(_measured(scope, size), spool, receive, send)


def _refusal_of_head(scope: Scope, content_type: bytes, length: bytes, limit: int) -> tuple[int, str] | None:
    """Return status and text if the head of a request is enough to refuse it, otherwise None."""
    if not scope["query_string"].isascii():
        return 400, "The query string must be percent-encoded."
    if not _readable(content_type):
        return 415, "The charset of the Content-Type must be utf-8, us-ascii or iso-8859-1."
    if not length.isdigit():
        return 400, "Content-Length must be a number."
    if int(length[:20]) > limit:
        return 413, f"The body is larger than {limit} bytes."
    return None


def body_limit(path: str, content_type: bytes) -> int:
    """Return how many bytes the body of a request may have: MAX_UPLOAD_MB for uploads, otherwise WEBHOOK_MAX_BYTES.

    The webhook accepts no uploads, so there a multipart body has no higher limit: it would only fill the disk.
    """
    if content_type[:10].lower() == b"multipart/" and not path.startswith(WEBHOOK):
        return settings.MAX_UPLOAD_MB * 1024 * 1024 + MULTIPART_SLACK
    limit: int = settings.WEBHOOK_MAX_BYTES
    return limit


def _readable(content_type: bytes) -> bool:
    """Whether Django can handle this Content-Type. For some charsets it raises before any middleware runs."""
    try:
        charset = parse_header_parameters(content_type.decode("latin1"))[1].get("charset", "utf-8")
        return codecs.lookup(charset).name in CHARSETS
    except (LookupError, TypeError, ValueError):
        return False


def _measured(scope: Scope, size: int) -> Scope:
    """Give a chunked request a Content-Length. Without one WSGI would read nothing of its body."""
    if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return scope
    headers = [part for part in scope["headers"] if part[0] not in (b"transfer-encoding", b"content-length")]
    return {**scope, "headers": [*headers, (b"content-length", str(size).encode())]}


# None if the caller may not see it: the request is then answered like any path that does not exist.
PROBES: dict[str, Callable[[HttpRequest], HttpResponse | None]] = {
    "/livez": livez,
    "/readyz": readyz,
    "/metrics": metrics,
}


class ProbesMiddleware:
    """Answers PROBES before any other check.

    Load balancers call them by IP address and without TLS, which ALLOWED_HOSTS and HTTPS_ONLY would refuse.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        answer = probe(request) if probe is not None else None
        return answer if answer is not None else self.get_response(request)


class SlashMiddleware(CommonMiddleware):
    """Redirects a path without its last slash to the one with it, as Django does, but only for requests that read.

    A redirected POST would come back as a GET, and with DEBUG Django answers it with 500. Here it gets a 404.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in ("GET", "HEAD") and bool(super().should_redirect_with_slash(request))


class RefuseUnstorableMiddleware:
    """Refuses NUL characters in the path and the query string, because PostgreSQL fails on them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return refuse(request, 400, "NUL characters are not allowed.")
        return self.get_response(request)


class RefusalsMiddleware:
    """Answers the errors that DRF's views would answer, when a page of Django admin raises them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, APIException):
            return None
        refusal = refuse(request, exception.status_code, " ".join(texts_of(exception.detail)))
        if (wait := getattr(exception, "wait", None)) is not None:
            refusal["Retry-After"] = str(ceil(wait))
        return refusal
