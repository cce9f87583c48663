"""Which query parameters an operation has: those that /swagger.json describes. Any other is refused."""

import re
from functools import cache
from typing import Any

from django.http import HttpRequest
from drf_yasg.generators import EndpointEnumerator
from rest_framework.exceptions import ValidationError

from config.schema import described
from core.fields import unknown_names

# Clients add the first to name a format, and the second to get past a cache.
_ANYWHERE = frozenset({"format", "_"})


def unknown_parameters(request: HttpRequest) -> dict[str, list[str]]:
    """What is wrong with the query parameters of a request that has been routed, by name. Paths that Swagger does not
    show take any."""
    match = request.resolver_match
    known = _known(match.route).get(request.method or "") if match is not None else None
    if known is None or request.GET.keys() <= known:
        return {}
    return unknown_names("parameter", request.GET.keys() - _ANYWHERE, known - _ANYWHERE)


def refusing(view: Any, unknown: dict[str, list[str]]) -> Any:
    """The view behind a path, except that it refuses these parameters of whoever may call it."""

    class Refusing(view.cls):  # type: ignore[misc]  # known when it runs
        def initial(self, *args: Any, **kwargs: Any) -> None:
            super().initial(*args, **kwargs)
            raise ValidationError(unknown)

    actions = [view.actions] if getattr(view, "actions", None) else []
    return Refusing.as_view(*actions, **view.initkwargs)


@cache
def _known(route: str) -> dict[str, frozenset[str]]:
    """The names by method. Empty for a route that Swagger does not show."""
    return _described().get(_shape(EndpointEnumerator().get_path_from_regex(route)), {})


@cache
def _described() -> dict[str, dict[str, frozenset[str]]]:
    """The names by path and method."""
    schema = described()
    found: dict[str, dict[str, frozenset[str]]] = {}
    for path, item in schema.paths.items():
        shared = _in_query(item.get("parameters", ()))
        names = {
            method.upper(): frozenset({*shared, *_in_query(operation.get("parameters", ())), *_ANYWHERE})
            for method, operation in item.operations
        }
        found[_shape(schema.base_path.rstrip("/") + path)] = {**names, "HEAD": names.get("GET", _ANYWHERE)}
    return found


def _in_query(parameters: list[dict[str, str]]) -> set[str]:
    return {one["name"] for one in parameters if one["in"] == "query"}


def _shape(path: str) -> str:
    """A path by which both sides are compared: Swagger calls `pk` `id`, and leaves out the last slash of files."""
    return re.sub(r"{\w+}", "{}", path).rstrip("/")
