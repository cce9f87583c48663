"""What fields of a body accept, where DRF accepts more."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ValidationError as Unfit
from rest_framework import serializers

from core.names import check_name

_TEXTS = {"true": True, "1": True, "false": False, "0": False}


class StrictBooleanField(serializers.BooleanField):
    """true or false; in a form, the words or 1 and 0, as in query parameters. DRF also takes `yes`, `on` or a number.

    A form that leaves the field out leaves it as it is. For DRF that is a box without a tick: false.
    """

    default_empty_html = serializers.empty

    def to_internal_value(self, data: Any) -> Any:
        known = data if isinstance(data, bool) else _TEXTS.get(data.lower()) if isinstance(data, str) else None
        if known is None:
            self.fail("invalid", input=data)
        return known


class NameField(serializers.CharField):
    """A name that people read, by the rules of core/names.py. The one that a row has already is always accepted."""

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        if value and value != getattr(getattr(self.parent, "instance", None), self.field_name or "", None):
            try:
                check_name(value)
            except Unfit as unfit:
                raise serializers.ValidationError(unfit.messages)


class ObjectField(serializers.DictField):
    """A JSON object, which a form cannot hold. One that leaves the field out leaves it as it is; for DRF that is {}."""

    def get_value(self, dictionary: Any) -> Any:
        return dictionary.get(self.field_name, serializers.empty)


class KnownFieldsOnly(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know. Fields that only answers have are known, and ignored.

    So is what stands in `shown`, the row as an answer has it, as long as it is sent back unchanged.
    """

    def __init__(self, *args: Any, shown: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._shown: Mapping[str, Any] = shown or {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            given = [name for name, value in data.items() if name not in self._shown or self._shown[name] != value]
            if unknown := unknown_names("field", given, self.fields.keys()):
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


def unknown_names(kind: str, given: Iterable[str], known: Iterable[str]) -> dict[str, list[str]]:
    """What is wrong with those of the `given` names that are not `known`, by name: each is told the nearest known one.

    `kind` is what they are names of.
    """
    allowed = sorted(known)
    return {name: [_unknown(kind, name, allowed)] for name in given if name not in allowed}


def _unknown(kind: str, name: str, known: list[str]) -> str:
    if nearest := get_close_matches(name[:100], known, n=1):
        return f"Unknown {kind}. Did you mean {nearest[0]}?"
    return f"Unknown {kind}. Known are: {', '.join(known)}." if known else f"Unknown {kind}. There are none here."
