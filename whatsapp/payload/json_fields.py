"""Reading JSON that somebody else wrote."""

from typing import Any


def text_of(holder: Any, key: str, longest: int) -> str:
    """The text under `key`. Raises ValueError when it is missing, empty, too long or no text."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is missing or no text")
    if len(value) > longest:
        raise ValueError(f"{key} is longer than {longest} characters")
    return value


def text_or_nothing(holder: Any, key: str, longest: int) -> str:
    """The text under `key`, cut to `longest` characters; empty when there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value[:longest] if isinstance(value, str) else ""


def object_of(value: Any) -> dict[str, Any]:
    """What should be an object; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """What should be a list; anything else counts as one broken item, nothing as none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
