"""What all paths below `/api/` have in common."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import ResolverMatch, URLResolver
from django.urls.resolvers import RoutePattern
from django.utils.functional import cached_property

PREFIX = "api/"
# `customers/`, `^customers/(?P<pk>...`: the first part of a path, if the pattern says which it is.
_FIRST_PART = re.compile(r"\^?([a-z][a-z0-9-]*)/")


class Api(URLResolver):
    """The paths below `api/`, each with and without its last slash, for every method and without a redirect.

    Whoever asks for the view behind a path gets the same answer, so lanes and limits are the same, too. Only patterns
    that can match the first part of a path are tried: trying all of them took a third of the function calls of a
    request.
    """

    def __init__(self, patterns: list[Any]) -> None:
        super().__init__(RoutePattern(PREFIX), patterns)

    def resolve(self, path: str) -> ResolverMatch:
        path = path if path.endswith("/") else f"{path}/"
        first = path.removeprefix(PREFIX).partition("/")[0]
        return self._by_first_part.get(first, self._others).resolve(path)

    @cached_property
    def _by_first_part(self) -> dict[str, URLResolver]:
        patterns = list(_flat(self.url_patterns))
        firsts = {first for one in patterns if (first := _first_part(one)) is not None}
        return {first: _only([one for one in patterns if _first_part(one) in (first, None)]) for first in firsts}

    @cached_property
    def _others(self) -> URLResolver:
        return _only([one for one in _flat(self.url_patterns) if _first_part(one) is None])


def _only(patterns: list[Any]) -> URLResolver:
    return URLResolver(RoutePattern(PREFIX), patterns)


def _first_part(pattern: Any) -> str | None:
    found = _FIRST_PART.match(str(pattern.pattern))
    return found and found[1]


def _flat(patterns: list[Any]) -> Iterator[Any]:
    """The patterns, with what was included below no prefix and under no name in the place of its `include`."""
    for one in patterns:
        if isinstance(one, URLResolver) and not (str(one.pattern) or one.namespace or one.default_kwargs):
            yield from _flat(one.url_patterns)
        else:
            yield one
