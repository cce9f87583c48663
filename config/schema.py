"""What Swagger says about all endpoints, so that the views do not have to."""

import re
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any, get_origin, get_type_hints

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from drf_yasg import openapi
from drf_yasg.app_settings import swagger_settings
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.inspectors import SwaggerAutoSchema
from drf_yasg.utils import guess_response_status
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, Serializer

from config.body_types import FORM, JSON, MULTIPART, fits_a_form, may_be_missing, takes_files
from config.described import Describer
from config.domains import domain_of, tags
from config.examples import add_examples
from config.glossary import explained
from config.parameters import filter_parameters, page_parameters, path_parameter
from config.rights import is_public, who_may_call
from core.idempotency import HEADER, AnswersOnce, creates
from core.ports import mapped_ports
from core.shapes import CursorPage, MergedInto, Page, Refusal, StaleRow
from core.versions import CHANGES, KnowsVersions

_IDEMPOTENCY_KEY = openapi.Parameter(
    HEADER,
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="1 to 255 characters: sent again with the same body, the request gets its first answer for 24 hours, "
    "with `Idempotent-Replayed: true`",
)

_IF_MATCH = openapi.Parameter(
    "If-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="the `ETag` of the row as you know it: if it has changed since, nothing is changed (412)",
)

_FILE = re.compile(r"(\.\w+)/$")
# The fields of bodies that hold the id of a customer, who may have been merged.
_NAMING_CUSTOMERS = {"customer", "customer_id", "into"}

_EITHER = "The body is a form, or JSON if there is no file (model {})."
_WORDS = {
    "400": "A parameter, a field or the body is wrong. Nothing was changed.",
    "401": "Not signed in, or the session has ended.",
    "403": "Signed in, but not allowed.",
    "404": "Does not exist, or you may not see it.",
    "406": "`Accept` asks for something other than JSON.",
    "408": "The body did not arrive in time.",
    "409": "`code` is in_progress: the first request with this `Idempotency-Key` is still running.",
    "410": "The customer was merged; `into` names the one they became part of.",
    "412": "The row changed since the version in `If-Match`; `current` is how it looks now.",
    "413": "The body is too large.",
    "415": "The `Content-Type` or its charset is not accepted, or the body is compressed.",
    "422": "`code` is idempotency_key_reused: this `Idempotency-Key` was used for another request.",
    "429": "Too many requests. `Retry-After` says how many seconds to wait.",
    "507": "The file cannot be stored.",
    "503": "Not possible at the moment. `Retry-After` says how many seconds to wait.",
}


_MAKING = Lock()


def described() -> Any:
    """The API as everybody sees it, made once. Making it takes a fifth of a second.

    What it says of the server is meaningless: that depends on the request.
    """
    with _MAKING:  # otherwise each thread makes its own after a start, and all of them take seconds
        return _made()


@cache
def _made() -> Any:
    anybody = Request(HttpRequest())
    anybody.user = AnonymousUser()
    generator = PatterGenerator(swagger_settings.DEFAULT_INFO, url="http://localhost")
    return generator.get_schema(anybody, public=True)


class PatterGenerator(OpenAPISchemaGenerator):  # type: ignore[misc]  # drf-yasg has no types
    """Says that what a path names are ids, and how operations are grouped."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        schema = super().get_schema(request, public)
        schema["tags"] = tags()
        # A file's path is documented without the last slash, which every path may be without (config/api.py).
        schema["paths"] = {_FILE.sub(r"\1", path): item for path, item in schema["paths"].items()}
        return schema

    def get_path_parameters(self, path: str, view_cls: Any) -> Any:
        return [path_parameter(name, path) for name in re.findall(r"{(\w+)}", path)]


class PatterAutoSchema(SwaggerAutoSchema):  # type: ignore[misc]  # drf-yasg has no types
    """Says what an operation does, who may call it, what it takes and what it answers, from what the code declares, and
    adds the refusals that endpoints have in common."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.describer = Describer(self.components, self._describe_field)

    def get_tags(self, operation_keys: Any = None) -> list[str]:
        return [domain_of(self.path)]

    def get_security(self) -> Any:
        return self.overrides.get("security", [] if is_public(self.view) else None)

    def get_summary_and_description(self) -> tuple[str, str]:
        """The first sentence of the docstring; the rest of it, and who may call the operation."""
        said = self.overrides.get("operation_description") or self._sch.get_description(self.path, self.method)
        if self.method == "PATCH" and hasattr(self.view, "update") and self.view.action == "partial_update":
            said = f"{self.view.update.__doc__ or said}\n\nPATCH and PUT do the same."
        first, rest = _sentence(self.overrides.get("operation_summary"), said)
        serializer = self.get_request_serializer()
        either = _EITHER.format(self._model_of(serializer)) if takes_files(serializer) else ""
        who = f"**Who:** {self.overrides.get('who') or who_may_call(self.view, self.path)}."
        return first, "\n\n".join(filter(None, (rest, either, who)))

    def get_operation(self, operation_keys: Any = None) -> Any:
        operation = super().get_operation(operation_keys)
        serializer = self.get_request_serializer()
        if takes_files(serializer):
            # A form in Swagger 2.0, because only forms have files. The model is for those who send JSON.
            operation["x-json-body"] = self.describer.body(serializer)
            operation.consumes = [MULTIPART, JSON]
        elif serializer is not None and self.get_consumes() == [JSON] and fits_a_form(serializer):
            operation.consumes = [JSON, FORM, MULTIPART]
        models = self.components.with_scope(openapi.SCHEMA_DEFINITIONS)
        add_examples(operation, self.method, self.path, models)
        return operation

    def get_request_form_parameters(self, serializer: Any) -> Any:
        parameters = super().get_request_form_parameters(serializer)
        for parameter in parameters:
            if text := parameter.get("description") or explained(parameter.name):
                parameter.description = text
        return parameters

    def make_body_parameter(self, schema: Any) -> Any:
        parameter = super().make_body_parameter(schema)
        parameter.required = not may_be_missing(self.get_request_serializer())
        return parameter

    def get_consumes(self) -> Any:
        return [MULTIPART] if takes_files(self.get_request_serializer()) else super().get_consumes()

    def _model_of(self, serializer: Any) -> str:
        """The name of the model of a body."""
        return str(self.describer.body(serializer)["$ref"].rpartition("/")[2])

    def get_request_serializer(self) -> Any:
        serializer = super().get_request_serializer()
        if isinstance(serializer, BaseSerializer) and not isinstance(serializer, Serializer):
            return None  # it only shows
        if self._get_request_body_override() is None and self.method in ("PUT", "PATCH") and serializer is not None:
            serializer.partial = True
        return serializer

    def get_view_serializer(self) -> Any:
        return super().get_view_serializer() if getattr(self.view, "serializer_class", None) else None

    def get_request_body_schema(self, serializer: Any) -> Any:
        return self.describer.body(serializer)

    def get_query_parameters(self) -> list[Any]:
        filterset = self.overrides.get("filterset") or (self.should_filter() and self.view.filterset_class)
        found = filter_parameters(filterset, self.describer) if filterset else []
        if self._is_paged():
            found += page_parameters(self.view.paginator)
        given = self.get_query_serializer()
        return found + (self.serializer_to_parameters(given, in_=openapi.IN_QUERY) if given is not None else [])

    def get_default_responses(self) -> dict[str, Any]:
        status = str(guess_response_status(self.method.lower()))
        if self.method == "DELETE":
            return {status: "Deleted."}
        hint: Any = getattr(self.view, "shape", None) or self.view.get_serializer_class()
        if self.has_list_response():
            hint = self.view.paginator.shape[hint] if self.should_page() else list[hint]
        return {status: hint}

    def _is_paged(self) -> bool:
        shown = (self.overrides.get("responses") or {}).get(HTTPStatus.OK)
        return bool(self.should_page()) or get_origin(shown) in (Page, CursorPage)

    def get_response_schemas(self, response_serializers: Any) -> dict[str, Any]:
        refused = self._refusal_shape()
        said = {**self._common_refusals(refused), **response_serializers}
        return {str(status): self._response(str(status), what, refused) for status, what in sorted(said.items())}

    def _response(self, status: str, what: Any, refused: Any) -> Any:
        if isinstance(what, openapi.Response):
            return what
        if isinstance(what, str):
            if int(status) < HTTPStatus.BAD_REQUEST:
                return openapi.Response(what, self._content())
            what = (what, self._common_refusals(refused).get(status, (what, refused))[1])
        text, hint = what if isinstance(what, tuple) else (HTTPStatus(int(status)).phrase, what)
        schema = self.invalid() if hint is None else self.describer.answer(hint)
        return openapi.Response(text, schema)

    def _content(self) -> Any:
        """An answer that is not JSON, of an operation that says what it produces."""
        if not (produced := self.overrides.get("produces")):
            return None
        return openapi.Schema(type=openapi.TYPE_STRING if produced[0] == "text/plain" else openapi.TYPE_FILE)

    def _common_refusals(self, refused: Any) -> dict[str, Any]:
        """The refusals of operations like this one, by status: a text and a shape. None stands for `invalid`."""
        own = refused is not Refusal
        shapes = {"400": None, "410": MergedInto, "412": StaleRow} if not own else {}
        statuses = {"400", "415", "503"}
        if not self.overrides.get("produces"):
            statuses.add("406")  # files are sent whatever `Accept` asks for
        public = is_public(self.view)
        if not public:
            statuses |= {"401", "403"}
        if "{" in self.path or self._is_paged():
            statuses.add("404")
        serializer = self.get_request_serializer()
        if serializer is not None:
            # Of large bodies, only so many are taken at once; without signing in, none are.
            statuses |= {"408", "413"} if public else {"408", "413", "429"}
        if takes_files(serializer):
            statuses.add("507")
        if ("customer" in self.path and "{" in self.path) or _NAMING_CUSTOMERS & set(getattr(serializer, "fields", ())):
            statuses |= {"404", "410"}
        if self.view.throttle_classes:
            statuses.add("429")
        if self._answers_once():
            statuses |= {"409", "422"}
        if self._checks_version():
            statuses.add("412")
        return {status: (_WORDS[status], shapes.get(status, refused)) for status in sorted(statuses)}

    def add_manual_parameters(self, parameters: Any) -> Any:
        own = [_IDEMPOTENCY_KEY] if self._answers_once() else [_IF_MATCH] if self._checks_version() else []
        return super().add_manual_parameters([*parameters, *own])

    def _checks_version(self) -> bool:
        return isinstance(self.view, KnowsVersions) and self.view.action in CHANGES | self.view.compares_itself

    def _answers_once(self) -> bool:
        return self.method == "POST" and isinstance(self.view, AnswersOnce) and creates(self.view, self.view.action)

    def _refusal_shape(self) -> Any:
        """What the refusals under this path look like: what the function returns that shapes them."""
        for pattern, shape in mapped_ports("ERROR_SHAPES").items():
            if re.match(pattern, self.path):
                return get_type_hints(shape)["return"]
        return Refusal

    def invalid(self) -> Any:
        """The refusal of what was sent: DRF's, with lists of texts by field, nested as the body is."""
        text = openapi.Schema(type=openapi.TYPE_STRING, description="for people")
        code = openapi.SwaggerDict(description="beside `detail`, for programs")  # a field can be called so, too
        definitions = self.components.with_scope(openapi.SCHEMA_DEFINITIONS)
        definitions.setdefault(
            "Invalid",
            lambda: openapi.Schema(
                type=openapi.TYPE_OBJECT,
                description="What is wrong: texts by field, or `detail` where it is not about a field.",
                properties={"detail": text, "code": code},
                additional_properties=True,
            ),
        )
        return openapi.SchemaRef(definitions, "Invalid")

    def _describe_field(self, field: Any) -> Any:
        return self.probe_inspectors(
            self.field_inspectors,
            "field_to_swagger_object",
            field,
            {"field_inspectors": self.field_inspectors},
            swagger_object_type=openapi.Schema,
            use_references=False,
        )


def _sentence(summary: str | None, said: str) -> tuple[str, str]:
    """A summary of one line, as a title, and what else is said."""
    if summary is None:
        first, _, rest = said.strip().partition("\n\n")
        summary, *more = re.split(r"(?<=[.!?]) (?=[A-Z0-9`])", " ".join(first.split()), maxsplit=1)
        said = "\n\n".join(" ".join(part.split()) for part in (*more, *rest.split("\n\n")) if part.strip())
    return summary.replace("`", "").removesuffix("."), said
