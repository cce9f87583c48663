"""Every error of the API passes through here, and gets DRF's shape or the shape of its path."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from math import ceil
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler as drf_exception_handler

from config.asgi_types import Scope, Send
from config.safe_headers import SAFE_AS_BYTES
from core.admin.reasons import texts_of
from core.db.failures import Trouble, trouble_of
from core.error_codes import BY_STATUS
from core.files.storage import DISK_ERRORS, NoRoom
from core.ports import mapped_ports
from core.request_id import current
from customers.models import CustomerMerged

logger = logging.getLogger(__name__)


# One that goes away while it is told to commit may have done so.
AWAY = (
    "The database cannot be reached at the moment. Please try again. If you were changing something, check first "
    "whether it was saved."
)
READ_ONLY = "The database can only be read at the moment. Nothing was changed. Please try again."
BUSY = "Somebody else is changing this at the moment. Nothing was changed. Please try again in a few seconds."
_TEXTS = {Trouble.BUSY: BUSY, Trouble.AWAY: AWAY, Trouble.READ_ONLY: READ_ONLY}
# What a client should wait: for a lock, which is mostly held for a moment; for a database.
RETRY_SECONDS = {Trouble.BUSY: 2, Trouble.AWAY: 5, Trouble.READ_ONLY: 5}


_EXPOSE, _EXPOSED = b"access-control-expose-headers", ", ".join(settings.CORS_EXPOSE_HEADERS).encode()


class Unavailable(exceptions.APIException):
    """The database could not do what it was asked, and may be able to in a moment."""

    status_code = 503
    default_code = "unavailable"

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(_TEXTS[trouble])
        # DRF sends it as Retry-After.
        self.wait = RETRY_SECONDS[trouble]


class Gone(exceptions.APIException):
    """The answer to the id of a row that became part of another customer."""

    status_code = 410
    default_code = "merged"

    def __init__(self, detail: str, *, into: int) -> None:
        super().__init__(detail)
        # Assigned directly, because DRF would turn the id into a text.
        self.detail: Any = {"detail": detail, "code": self.default_code, "into": into}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a response. None makes Django log it and answer with 500."""
    if isinstance(error, CustomerMerged):
        error = Gone(str(error), into=error.into)
    elif isinstance(error, Http404):
        # Not Django's own text: it names the model, but only if the view used get_object_or_404.
        error = exceptions.NotFound()
    elif isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(as_serializer_error(error))
    elif isinstance(error, OverflowError | DataError):
        # SQLite raises the first for integers beyond 64 bits, PostgreSQL the second for any value that does not fit.
        error = exceptions.ValidationError({"detail": "A value is out of range."})
    else:
        error = _refusal(error) or error
    response = drf_exception_handler(error, context)
    if response is not None:
        response.data = shaped(context["request"].path_info, response.data, response.status_code)
    return response


def _refusal(error: BaseException | None) -> exceptions.APIException | None:
    """Return the refusal that an error is or stands for: of a database, or of a disk. None if the error is ours."""
    if isinstance(error, exceptions.APIException):
        return error
    if (trouble := trouble_of(error)) is not None:
        logger.error("the database is %s: %s", trouble.value, error)
        if trouble is Trouble.READ_ONLY and not connection.in_atomic_block:
            # After a failover the next request finds the server that may be written.
            connection.close()
        return Unavailable(trouble)
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        logger.error("no room on disk: %s", error)
        return NoRoom()
    return None


def answer_to(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Return the answer to an error of a view that is not DRF's, or of a middleware. None if the error is ours."""
    refusal = _refusal(error)
    if refusal is None:
        return None
    text, wait = " ".join(texts_of(refusal.detail)), getattr(refusal, "wait", None)
    answer = refuse(request, refusal.status_code, text, retry_after=wait, code=refusal.default_code)
    if request.path_info.startswith("/admin/"):
        answer["Content-Type"], answer.content = "text/plain; charset=utf-8", f"{text}\n".encode()
    return answer


def shaped(path: str, body: Any, status: int, code: str = "") -> Any:
    """Return an error body in the shape of the errors under `path`: of setting ERROR_SHAPES, else DRF's with a `code`.

    The code is the body's own, that of the exception that its `detail` is from, or the one for the status.
    """
    for pattern, shape in mapped_ports("ERROR_SHAPES").items():
        if re.match(pattern, path):
            return shape(body)
    if not isinstance(body, dict) or not isinstance(detail := body.get("detail"), str) or "code" in body:
        return body  # errors by field are lists of texts
    return {**body, "code": code or getattr(detail, "code", None) or BY_STATUS[status]}


def refuse(
    request: HttpRequest, status: int, detail: str, *, retry_after: float | None = None, code: str = ""
) -> JsonResponse:
    """Return the response for a request that is refused before DRF handles it. `retry_after` is in seconds."""
    headers = {} if retry_after is None else {"Retry-After": str(ceil(retry_after))}
    body = shaped(request.path_info, {"detail": detail}, status, code)
    return JsonResponse(body, status=status, headers=headers)


async def send_refusal(
    send: Send,
    scope: Scope,
    status: int,
    detail: str,
    *,
    retry_after: int = 0,
    more_headers: Iterable[tuple[bytes, bytes]] = (),
    code: str = "",
) -> None:
    """Refuse a request before Django gets it. `retry_after` is in seconds; 0 leaves the header out."""
    body = json.dumps(shaped(scope["path"], {"detail": detail}, status, code)).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close"), *SAFE_AS_BYTES, *more_headers]
    headers.append((b"x-request-id", current().encode()))
    if retry_after:
        headers.append((b"retry-after", b"%d" % retry_after))
    origin = dict(scope["headers"]).get(b"origin", b"")
    if origin.decode("latin1") in settings.CORS_ALLOWED_ORIGINS:
        # Django's CORS middleware does not see this response. Without the header a page gets only a network error.
        headers += [(b"access-control-allow-origin", origin), (b"vary", b"Origin"), (_EXPOSE, _EXPOSED)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return refuse(request, 400, "Bad request.")


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    return refuse(request, 403, "You do not have permission to perform this action.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return refuse(request, 404, "Not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    # Middleware that meets such a database, such as the session's of Django admin, passes process_exception by.
    if (answer := answer_to(request, sys.exc_info()[1])) is not None:
        return answer
    body = shaped(request.path_info, {"detail": "Something went wrong on our side. It has been logged."}, 500)
    return JsonResponse({**body, "request_id": current()}, status=500)
