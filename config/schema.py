"""What Swagger says of every endpoint without each view having to say it."""

from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import PaginatorInspector, SwaggerAutoSchema
from rest_framework.permissions import AllowAny

from core.pagination import KeysetPages

_ERROR = openapi.Schema(type=openapi.TYPE_OBJECT, properties={"detail": openapi.Schema(type=openapi.TYPE_STRING)})

# What the first word of a path does not say.
GROUPS = {"customers-with-contacts": "Contacts", "message": "Customer data"}


class KeysetInspector(PaginatorInspector):  # type: ignore[misc]  # drf-yasg has no types
    """Describes the pages of KeysetPages."""

    def get_paginator_parameters(self, paginator: Any) -> Any:
        if not isinstance(paginator, KeysetPages):
            return super().get_paginator_parameters(paginator)
        return [
            openapi.Parameter("cursor", openapi.IN_QUERY, type=openapi.TYPE_STRING, description="as in next"),
            openapi.Parameter("page_size", openapi.IN_QUERY, type=openapi.TYPE_INTEGER, description="at most 100"),
        ]

    def get_paginated_response(self, paginator: Any, response_schema: Any) -> Any:
        if not isinstance(paginator, KeysetPages):
            return super().get_paginated_response(paginator, response_schema)
        link = openapi.Schema(type=openapi.TYPE_STRING, format=openapi.FORMAT_URI, x_nullable=True)
        return openapi.Schema(
            type=openapi.TYPE_OBJECT, properties={"next": link, "previous": link, "results": response_schema}
        )


class PatterAutoSchema(SwaggerAutoSchema):  # type: ignore[misc]  # drf-yasg has no types
    """Groups operations by the first word of their path and declares the refusals every endpoint knows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paginator_inspectors: list[type[PaginatorInspector]] = [KeysetInspector, *self.paginator_inspectors]

    def get_tags(self, operation_keys: Any = None) -> list[str]:
        words = [word for word in self.path.split("/") if word and word != "api" and "{" not in word]
        named: list[str] = self.overrides.get("tags") or words[:1] or ["patter"]
        return [GROUPS.get(name, name.capitalize()) for name in named]

    def get_response_serializers(self) -> Any:
        responses = super().get_response_serializers()
        if not any(isinstance(right, AllowAny) for right in self.view.get_permissions()):
            responses.setdefault("401", openapi.Response("Not signed in, or the session is over.", _ERROR))
            responses.setdefault("403", openapi.Response("Signed in, but not allowed.", _ERROR))
        if "{" in self.path:
            responses.setdefault("404", openapi.Response("Missing, or not yours to see.", _ERROR))
        return responses
