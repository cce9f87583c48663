"""Every route there is, with its view, and paths that lead there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

# `(?P<pk>[^/.]+)` of DRF's routers and `<int:customer_id>` of Django's paths.
_PARAMETER = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)|<(?:\w+:)?(\w+)>")


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the text of the pattern and the view function of every route."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path.removesuffix("$").removesuffix(r"\Z"), pattern.callback


def paths(values: Mapping[str, Any], other: Any) -> set[str]:
    """A path for each route: its parameters get `values`, by name without `_id`, and the rest of them `other`."""

    def value(found: "re.Match[str]") -> str:
        return str(values.get((found[1] or found[2]).removesuffix("_id"), other))

    return {f"/{_PARAMETER.sub(value, route)}".translate({ord(sign): None for sign in "^$\\"}) for route, _ in routes()}
