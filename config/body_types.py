"""What Swagger says a body can be: JSON, a form, or nothing."""

from typing import Any

from rest_framework.serializers import BaseSerializer, DictField, FileField, ListField, Serializer

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"

_OBJECTS = (BaseSerializer, DictField)


def takes_files(serializer: Any) -> bool:
    """Whether a field is a file, which only a form can have."""
    fields: dict[str, Any] = getattr(serializer, "fields", {})
    return any(isinstance(field, FileField) for field in fields.values())


def fits_a_form(serializer: Any) -> bool:
    """Whether a form can hold every field: it has texts and lists of texts, and no objects."""
    if not isinstance(serializer, Serializer) or _says(serializer, "json_only"):
        return False
    fields = serializer.fields.values()
    parts = [*fields, *(field.child for field in fields if isinstance(field, ListField))]
    return not any(isinstance(part, _OBJECTS) or hasattr(part, "described_by") for part in parts)


def may_be_missing(serializer: Any) -> bool:
    """Whether a request does something sensible without a body."""
    return _says(serializer, "optional")


def _says(serializer: Any, about: str) -> bool:
    """What the Meta of a serializer says of its body: that it is `optional`, or fits no form (`json_only`)."""
    said: bool = getattr(getattr(serializer, "Meta", None), about, False)
    return said
