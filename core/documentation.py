"""A typed decorator for the documentation of views in Swagger."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_yasg.utils import swagger_auto_schema
from rest_framework.serializers import FileField

View = TypeVar("View", bound=Callable[..., Any])


def documented(**said: Any) -> Callable[[View], View]:
    """Typed `swagger_auto_schema`, for methods of views where the serializer does not say everything.

    A view whose `request_body` has a file gets `takes_files = True`: only to those may large bodies be sent.
    """
    fields = getattr(said.get("request_body"), "_declared_fields", {})

    def decorate(view: View) -> View:
        documented_view: Any = swagger_auto_schema(**said)(view)
        if any(isinstance(field, FileField) for field in fields.values()):
            documented_view.takes_files = True
        decorated: View = documented_view
        return decorated

    return decorate
