"""JSON as DRF renders it, in a third of the time."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

_encoder = JSONEncoder()

# What fetch, curl, most libraries and axios send: whatever there is, or JSON at best.
_JSON_WILL_DO = frozenset({"*/*", "application/json", "application/json, text/plain, */*"})


class QuickNegotiation(DefaultContentNegotiation):
    """DRF's negotiation, which takes longer than rendering, but for callers who say that JSON will do."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers), None)
        names_one = bool(format_suffix) or "format" in request.query_params
        will_do = request.META.get("HTTP_ACCEPT", "*/*") in _JSON_WILL_DO
        if will_do and isinstance(first, QuickJSONRenderer) and not names_one:
            return first, first.media_type
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        return chosen


def _encoded(value: Any) -> Any:
    """What DRF makes of a value that is not JSON: times, decimals, lazy texts."""
    encoded = _encoder.default(value)
    if isinstance(encoded, float) and not math.isfinite(encoded):
        raise ValueError("Out of range float values are not JSON compliant")
    return encoded


class QuickJSONRenderer(JSONRenderer):
    """DRF's renderer. What orjson does not take (integers beyond 64 bits, keys that are no text) goes through Python's.

    Floats that are not finite become null, where DRF fails: neither requests nor columns of the database let one in.
    """

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The body. Clients may ask for indentation, which orjson does not do as DRF does."""
        if data is None or self.get_indent(accepted_media_type or "", renderer_context or {}) is not None:
            return super().render(data, accepted_media_type, renderer_context)
        try:
            body = orjson.dumps(data, _encoded, orjson.OPT_PASSTHROUGH_DATETIME)
        except TypeError:  # orjson's own error is one
            return super().render(data, accepted_media_type, renderer_context)
        # Line ends in JavaScript, but not in JSON.
        return body.replace(b"\xe2\x80\xa8", rb"\u2028").replace(b"\xe2\x80\xa9", rb"\u2029")
