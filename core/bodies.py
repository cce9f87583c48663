"""Serializers that read the bodies of requests."""

from collections.abc import Iterator, Mapping
from copy import copy, deepcopy
from typing import Any

from django.utils.functional import cached_property
from rest_framework import serializers


class BodySerializer(serializers.Serializer[Any]):
    """A serializer that makes fields for a request only as they are needed: those that its body has or must have.

    DRF makes all of them anew each time, which takes ten times as long as copying them; and of a dozen that may be
    given, most bodies have three. The copies share what their fields were declared with (validators, choices, texts),
    so nothing may change that. What is declared is all: `get_fields` is not asked.
    """

    @cached_property
    def fields(self) -> Any:
        return _Fields(self)

    @property
    def _writable_fields(self) -> list[Any]:
        given = getattr(self, "initial_data", None)
        return [
            self.fields[name]
            for name, field in self._declared_fields.items()
            # A form leaves out what is empty, and a part of a body has no data of its own.
            if type(given) is not dict or name in given or field.required or field.default is not serializers.empty
        ]

    def _read_only_defaults(self) -> dict[str, Any]:
        return {}  # would make all the fields, to find those that no body has


class _Fields(Mapping[str, Any]):
    """The declared fields of a serializer, each copied for it when it is first asked for."""

    def __init__(self, body: BodySerializer) -> None:
        self._body, self._made = body, dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            field: Any = self._body._declared_fields[name]
            field = copy(field) if _stands_alone(field) else deepcopy(field)
            field.bind(field_name=name, parent=self._body)
            self._made[name] = field
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._body._declared_fields)

    def __len__(self) -> int:
        return len(self._body._declared_fields)


def _stands_alone(field: Any) -> bool:
    """Whether a field has no others in it, which would belong to the field that was copied."""
    return not (
        isinstance(field, serializers.BaseSerializer) or hasattr(field, "child") or hasattr(field, "child_relation")
    )
