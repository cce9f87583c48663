"""Reads fields of JSON that may have any shape."""

from typing import Any


def text_of(holder: Any, key: str, longest: int) -> str:
    """The text under `key`. Raises ValueError if it is missing, empty, too long or not a text."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is missing or not a text")
    if len(value) > longest:
        raise ValueError(f"{key} is longer than {longest} characters")
    return value


def known_id(holder: Any, key: str, longest: int) -> str:
    """`id_of`. Raises ValueError if there is none, or one that is too long to be kept."""
    found = id_of(holder, key, longest)
    if not found:
        given = object_of(holder).get(key)
        too_long = isinstance(given, str) and len(given) > longest
        raise ValueError(f"{key} is longer than {longest} characters" if too_long else f"{key} is missing or not an id")
    return found


def text_or_nothing(holder: Any, key: str, longest: int) -> str:
    """The text under `key`, cut to `longest` characters; empty if there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value[:longest] if isinstance(value, str) else ""


def object_of(value: Any) -> dict[str, Any]:
    """`value` if it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """`value` if it is a list, an empty list for None, and otherwise a list of `value`, which will count as broken."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def id_of(holder: Any, key: str, longest: int) -> str:
    """The id under `key` as text: Meta writes some as numbers. Empty if there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if len(text) <= longest else ""
