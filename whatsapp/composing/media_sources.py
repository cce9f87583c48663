"""Files that a message names instead of carrying them."""

from typing import Any

from rest_framework import serializers

from core.fields import KnownFieldsOnly
from whatsapp.limits import MAX_FILE_NAME, MAX_ID, MAX_URL


class MediaSource(KnownFieldsOnly):
    """`{id}` or `{link}`. A `named` one, a document, may also have a `filename`; none has a caption."""

    id = serializers.CharField(required=False, max_length=MAX_ID)
    link = serializers.RegexField(r"\Ahttps://[^\s/]", required=False, max_length=MAX_URL)
    filename = serializers.CharField(required=False, max_length=MAX_FILE_NAME)

    def __init__(self, *args: Any, named: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self._named = named

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return fields if self._named else {name: field for name, field in fields.items() if name != "filename"}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (wrong := [name for name, value in data.items() if not isinstance(value, str)]):
            raise serializers.ValidationError({str(name): ["Not a valid string."] for name in wrong})
        return super().to_internal_value(data)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("id" in data) == ("link" in data):
            raise serializers.ValidationError("Give either the id of an uploaded file, or its https link.")
        return data
