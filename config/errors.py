"""Every error of the API passes through here, and gets DRF's shape or the shape of its path."""

import json
import logging
import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler as drf_exception_handler

from config.asgi_types import Scope, Send
from core.ports import mapped_ports
from customers.models import CustomerMerged

logger = logging.getLogger(__name__)


class Unavailable(exceptions.APIException):
    status_code = 503
    default_detail = "The database cannot be reached at the moment. Nothing was changed. Please try again."
    default_code = "unavailable"


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
    elif isinstance(error, OperationalError | InterfaceError):
        logger.error("the database cannot be reached in %s: %s", context["request"].path, error)
        error = Unavailable()
    response = drf_exception_handler(error, context)
    if response is not None:
        response.data = shaped(context["request"].path_info, response.data)
    return response


def shaped(path: str, body: Any) -> Any:
    """Return an error body in the shape of the errors under `path` (setting ERROR_SHAPES)."""
    for pattern, shape in mapped_ports("ERROR_SHAPES").items():
        if re.match(pattern, path):
            return shape(body)
    return body


def refuse(request: HttpRequest, status: int, detail: str) -> JsonResponse:
    """Return the response for a request that is refused before DRF handles it."""
    return JsonResponse(shaped(request.path_info, {"detail": detail}), status=status)


async def send_refusal(send: Send, scope: Scope, status: int, detail: str, *, retry_after: int = 0) -> None:
    """Refuse a request before Django gets it. `retry_after` is in seconds; 0 leaves the header out."""
    body = json.dumps(shaped(scope["path"], {"detail": detail})).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    if retry_after:
        headers.append((b"retry-after", b"%d" % retry_after))
    origin = dict(scope["headers"]).get(b"origin", b"")
    if origin.decode("latin1") in settings.CORS_ALLOWED_ORIGINS:
        # Django's CORS middleware does not see this response. Without the header a page gets only a network error.
        headers += [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return refuse(request, 400, "Bad request.")


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    return refuse(request, 403, "You do not have permission to perform this action.")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return refuse(request, 404, "Not found.")


def server_error(request: HttpRequest) -> JsonResponse:
    return refuse(request, 500, "Something went wrong on our side. It has been logged.")
