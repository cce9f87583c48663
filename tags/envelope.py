"""The shape of every error under `/api/v1/msg/`: `{"error": text}` (setting ERROR_SHAPES).

For a customer who was merged into another one, with `code` and `into` beside it; for a tag that changed since the
version in If-Match, with `code` and `current`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, NotRequired, TypedDict

from rest_framework.settings import api_settings

from core.shapes import FreeObject, OneOf


class TagError(TypedDict):
    """Why a request about tags was refused. Nothing was changed."""

    error: str
    code: NotRequired[Annotated[str, OneOf(("merged", "stale"))]]
    into: NotRequired[Annotated[int, "the id of the customer who was merged with this one"]]
    current: NotRequired[Annotated[FreeObject, "the tag as it is now, if `If-Match` names an older version"]]


def refusal(body: Any) -> TagError:
    """Turn an error body that has the shape of the rest of the API into one text."""
    if isinstance(body, dict) and "into" in body and "code" in body:
        return {"error": body["detail"], "code": body["code"], "into": body["into"]}
    if isinstance(body, dict) and "current" in body and "code" in body:
        return {"error": body["detail"], "code": body["code"], "current": body["current"]}
    return {"error": " ".join(_texts(body))}


def _texts(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        for field, problem in body.items():
            named = field not in ("detail", api_settings.NON_FIELD_ERRORS_KEY)
            yield from (f"{field}: {text}" if named else text for text in _texts(problem))
    elif isinstance(body, list):
        for problem in body:
            yield from _texts(problem)
    else:
        yield str(body)
