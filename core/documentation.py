"""A typed decorator for the documentation of views in Swagger."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from drf_yasg.utils import swagger_auto_schema

View = TypeVar("View", bound=Callable[..., Any])


def documented(**said: Any) -> Callable[[View], View]:
    """Typed `swagger_auto_schema`, for methods of views where the serializer does not say everything."""
    return cast(Callable[[View], View], swagger_auto_schema(**said))
