"""The pages for developers: Swagger UI, ReDoc and the guide; and /swagger.json, which the first two read."""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from config.guide import DOCUMENTS, Document, document
from config.schema import described

# Nothing comes from or goes to another host. Swagger UI and ReDoc write their styles into the page; ReDoc searches in a
# worker that it makes of a blob.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; worker-src{workers}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_STRICT = _POLICY.format(styles="", workers=" 'none'")
_SWAGGER_UI = _POLICY.format(styles=" 'unsafe-inline'", workers=" 'none'")
_REDOC = _POLICY.format(styles=" 'unsafe-inline'", workers=" 'self' blob:")


@require_safe
def swagger_json(request: HttpRequest) -> HttpResponse:
    """/swagger.json, which is the same for everybody, but names the server as the request does."""
    head = json.dumps({"host": request.get_host(), "schemes": [request.scheme]}).encode()
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(head[:-1] + b", " + _encoded()[1:], content_type="application/json", headers=headers)


@require_safe
def swagger_ui(request: HttpRequest) -> HttpResponse:
    """Swagger UI, in which people sign in and try operations."""
    return _page(request, "pages/swagger.html", _SWAGGER_UI)


@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    """ReDoc, for reading."""
    return _page(request, "pages/redoc.html", _REDOC)


@require_safe
def guide(request: HttpRequest, name: str = "") -> HttpResponse:
    """docs/api.md or another document for front ends, with the address of this server in its examples."""
    shown = _shown(name).at(request.build_absolute_uri("/").rstrip("/"))
    return _page(request, "pages/guide.html", _STRICT, document=shown, name=name, documents=DOCUMENTS)


@cache
def _encoded() -> bytes:
    """An object with everything but the server."""
    said = {name: part for name, part in described().as_dict().items() if name not in ("host", "schemes")}
    return json.dumps(said).encode()


@cache
def _shown(name: str) -> Document:
    return document(name)


def _page(request: HttpRequest, template: str, policy: str, **context: Any) -> HttpResponse:
    response = render(request, template, context)
    response.headers["Content-Security-Policy"] = policy
    patch_cache_control(response, no_cache=True)
    return response
