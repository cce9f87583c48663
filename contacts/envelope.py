"""The shape of answers about contacts: `{success, message, data}`, or `{success, message, errors}` for a refusal."""

from typing import Any

from rest_framework import serializers

VALIDATION_FAILED = "Validation failed"


def success(message: str | None = None, data: Any = None) -> dict[str, Any]:
    """Wrap an answer; parts that are None are left out."""
    parts = {"success": True, "message": message, "data": data}
    return {key: value for key, value in parts.items() if value is not None}


def refusal(body: Any) -> dict[str, Any]:
    """Wrap an error body that has the shape of the rest of the API (setting ERROR_SHAPES).

    `{"detail": text}` becomes the message, and what else it says, errors by field too, becomes `errors`.
    """
    if isinstance(body, dict) and isinstance(body.get("detail"), str):
        return failure(body["detail"], {name: said for name, said in body.items() if name != "detail"})
    return failure(VALIDATION_FAILED, body if isinstance(body, dict) else {"non_field_errors": body})


def failure(message: str, errors: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"success": False, "message": message, "errors": errors or {}}


class FailureSerializer(serializers.Serializer[Any]):
    """An error, for the API's documentation."""

    success = serializers.BooleanField(default=False)
    message = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), help_text="what is wrong, by field; often empty"
    )

    class Meta:
        ref_name = "ContactFailure"
