"""The shape of answers about contacts: `{success, message, data}`, or `{success, message, errors}` for a refusal."""

from typing import Annotated, Any, Generic, TypedDict

from core.shapes import FreeObject, Item

VALIDATION_FAILED = "Validation failed"


class Answer(TypedDict, Generic[Item]):
    """An answer, in its envelope."""

    success: bool
    message: str
    data: Item


class ContactDone(TypedDict):
    """What was done."""

    success: bool
    message: str


def success(message: str, data: Item) -> Answer[Item]:
    """Wrap an answer."""
    return {"success": True, "message": message, "data": data}


class ContactFailure(TypedDict):
    """Why a request about contacts was refused. Nothing was changed."""

    success: bool
    message: str
    errors: Annotated[FreeObject, "texts by field, nested as the body is; often empty"]


def refusal(body: Any) -> ContactFailure:
    """Wrap an error body that has the shape of the rest of the API (setting ERROR_SHAPES).

    `{"detail": text}` becomes the message, and what else it says, errors by field too, becomes `errors`.
    """
    if isinstance(body, dict) and isinstance(body.get("detail"), str):
        return failure(body["detail"], {name: said for name, said in body.items() if name != "detail"})
    return failure(VALIDATION_FAILED, body if isinstance(body, dict) else {"non_field_errors": body})


def failure(message: str, errors: dict[str, Any] | None = None) -> ContactFailure:
    return {"success": False, "message": message, "errors": errors or {}}
