"""What differs between two states of a row, as JSON: for the audit trail (accounts/audit.py)."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, TypedDict

from django.db.models import Model
from django.db.models.fields.files import FieldFile

from core.timestamps import iso

# What a changed secret looks like in `changes`.
HIDDEN = "***"
# Longer values are cut: the trail says what changed, the row itself has the text.
MAX_VALUE = 500


class Change(TypedDict):
    """What a field was and became; null for what was not there before, or is not there any more."""

    old: Annotated[Any, "what it was"]
    new: Annotated[Any, "what it is now"]


Changes = Mapping[str, Change]


def changed(before: Mapping[str, Any], after: Mapping[str, Any], *, secret: frozenset[str] = frozenset()) -> Changes:
    """What differs between two states of a row, each `{field: value}`. A field that one of them lacks was null there.

    Of the fields in `secret` only that they differ.
    """
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if secret.isdisjoint(names):
        return {name: {"old": shown(before.get(name)), "new": shown(after.get(name))} for name in names}
    return {
        name: {"old": HIDDEN, "new": HIDDEN}
        if name in secret
        else {"old": shown(before.get(name)), "new": shown(after.get(name))}
        for name in names
    }


def made(row: Model, *fields: str) -> Changes:
    """`changed` for a row that is new."""
    return changed({}, state(row, *fields))


def gone(row: Model, *fields: str) -> Changes:
    """`changed` for a row that was deleted."""
    return changed(state(row, *fields), {})


def state(row: Model, *fields: str) -> dict[str, Any]:
    """Some fields of a row, to compare by `changed` later. Files by their names, other rows by their ids."""
    return {name: row.serializable_value(name) for name in fields}


def shown(value: Any) -> Any:
    """A value as JSON can have it, cut to MAX_VALUE characters."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, FieldFile):
        value = value.name or ""
    if isinstance(value, list | dict):
        text = json.dumps(value, default=str)
        return value if len(text) <= MAX_VALUE else text[:MAX_VALUE]
    return str(value)[:MAX_VALUE]


class Remembers:
    """For models: a row tells what changed in it since it was locked. `follows` names columns that say nothing new."""

    follows: ClassVar[frozenset[str]] = frozenset()

    def remember(self) -> None:
        """Note what the row holds now."""
        self._remembered = self._columns()

    def changes(self) -> Changes:
        """What changed since the row was noted, which this does anew; nothing if it never was."""
        before: dict[str, Any] | None = self.__dict__.get("_remembered")
        if before is None:
            return {}
        self.remember()
        return changed(before, self._remembered)

    def _columns(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name[0] != "_" and name not in self.follows}
