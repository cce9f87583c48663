"""What views say of themselves to Swagger."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from drf_yasg.utils import swagger_auto_schema

View = TypeVar("View", bound=Callable[..., Any])


def documented(**said: Any) -> Callable[[View], View]:
    """`swagger_auto_schema`, which has no types: for a view's method whose serializer does not say everything."""
    return cast(Callable[[View], View], swagger_auto_schema(**said))
