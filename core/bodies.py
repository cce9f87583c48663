"""Serializers that read the bodies of requests."""

from copy import copy, deepcopy
from typing import Any

from rest_framework import serializers


class BodySerializer(serializers.Serializer[Any]):
    """A serializer whose fields are copied for each request. DRF builds them anew, which takes ten times as long.

    The copies share what their fields were declared with (validators, choices, texts), so nothing may change that.
    """

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = self._declared_fields
        return {name: copy(field) if _stands_alone(field) else deepcopy(field) for name, field in fields.items()}


def _stands_alone(field: Any) -> bool:
    """Whether a field has no others in it, which would belong to the field that was copied."""
    return not (
        isinstance(field, serializers.BaseSerializer) or hasattr(field, "child") or hasattr(field, "child_relation")
    )
