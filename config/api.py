"""What all paths below `/api/` have in common."""

from typing import Any

from django.urls import ResolverMatch, URLResolver
from django.urls.resolvers import RoutePattern


class Api(URLResolver):
    """The paths below `api/`, each with and without its last slash, for every method and without a redirect.

    Whoever asks for the view behind a path gets the same answer, so lanes and limits are the same, too.
    """

    def __init__(self, patterns: list[Any]) -> None:
        super().__init__(RoutePattern("api/"), patterns)

    def resolve(self, path: str) -> ResolverMatch:
        return super().resolve(path if path.endswith("/") else f"{path}/")
