"""What Swagger says about all endpoints, so that the views do not have to."""

from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import (
    CoreAPICompatInspector,
    DjangoRestResponsePagination,
    PaginatorInspector,
    SwaggerAutoSchema,
)
from rest_framework.permissions import AllowAny

from core.error_codes import CODES
from core.pagination import AROUND, COUNTED_EXACTLY, MAX_PAGE_SIZE, HistoryPages, KeysetPages, PageNumberPages

_ERROR = openapi.Schema(
    type=openapi.TYPE_OBJECT,
    properties={
        "detail": openapi.Schema(type=openapi.TYPE_STRING, description="for people"),
        "code": openapi.Schema(type=openapi.TYPE_STRING, enum=list(CODES), description="for programs"),
    },
    required=["detail", "code"],
)

# Groups that cannot be told from the first word of a path.
GROUPS = {"token": "Auth", "customers-with-contacts": "Contacts", "message": "Customer data"}


class BoundedInspector(CoreAPICompatInspector, DjangoRestResponsePagination):  # type: ignore[misc]  # no types
    """Describes how PageNumberPages count."""

    def get_paginator_parameters(self, paginator: Any) -> Any:
        parameters = super().get_paginator_parameters(paginator)
        if not isinstance(paginator, PageNumberPages):
            return parameters
        text = f"`exact`: count all rows, also more than {COUNTED_EXACTLY:,}, which takes longer"
        exact = openapi.Parameter("count", openapi.IN_QUERY, type=openapi.TYPE_STRING, enum=["exact"], description=text)
        return [*parameters, exact]

    def get_paginated_response(self, paginator: Any, response_schema: Any) -> Any:
        page = super().get_paginated_response(paginator, response_schema)
        if isinstance(paginator, PageNumberPages):
            about = f"only there, and false, if `count` is an estimate: of more than {COUNTED_EXACTLY:,} rows"
            page.properties["count_is_exact"] = openapi.Schema(type=openapi.TYPE_BOOLEAN, description=about)
        return page


class KeysetInspector(PaginatorInspector):  # type: ignore[misc]  # drf-yasg has no types
    """Describes the pages of KeysetPages."""

    def get_paginator_parameters(self, paginator: Any) -> Any:
        if not isinstance(paginator, KeysetPages):
            return super().get_paginator_parameters(paginator)
        around = openapi.Parameter(
            AROUND,
            openapi.IN_QUERY,
            type=openapi.TYPE_INTEGER,
            description="an id: the page with this row in the middle. Not together with `cursor`",
        )
        return [
            *([around] if isinstance(paginator, HistoryPages) else []),
            openapi.Parameter(
                "cursor", openapi.IN_QUERY, type=openapi.TYPE_STRING, description="the cursor of `next` or `previous`"
            ),
            openapi.Parameter(
                "page_size", openapi.IN_QUERY, type=openapi.TYPE_INTEGER, description=f"at most {MAX_PAGE_SIZE}"
            ),
        ]

    def get_paginated_response(self, paginator: Any, response_schema: Any) -> Any:
        if not isinstance(paginator, KeysetPages):
            return super().get_paginated_response(paginator, response_schema)
        link = openapi.Schema(type=openapi.TYPE_STRING, format=openapi.FORMAT_URI, x_nullable=True)
        return openapi.Schema(
            type=openapi.TYPE_OBJECT, properties={"next": link, "previous": link, "results": response_schema}
        )


class PatterAutoSchema(SwaggerAutoSchema):  # type: ignore[misc]  # drf-yasg has no types
    """Groups operations by the first word of their path, and adds the errors that all endpoints have in common."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paginator_inspectors: list[type[PaginatorInspector]] = [KeysetInspector, BoundedInspector]

    def get_tags(self, operation_keys: Any = None) -> list[str]:
        words = [word for word in self.path.split("/") if word and word != "api" and "{" not in word]
        named: list[str] = self.overrides.get("tags") or words[:1] or ["patter"]
        return [GROUPS.get(name, name.capitalize()) for name in named]

    def get_response_serializers(self) -> Any:
        responses = super().get_response_serializers()
        if not any(isinstance(right, AllowAny) for right in self.view.get_permissions()):
            responses.setdefault("401", openapi.Response("Not signed in, or the session has ended.", _ERROR))
            responses.setdefault("403", openapi.Response("Signed in, but not allowed.", _ERROR))
        if "{" in self.path:
            responses.setdefault("404", openapi.Response("Does not exist, or you may not see it.", _ERROR))
        return responses
