"""Makes readable what only its sender's client writes differently, so that the rest of it is not lost."""

from datetime import UTC, datetime
from typing import Any

from core.safe_json import BadJSON, check_value, storable_value
from core.timestamps import from_epoch

# Nobody wrote on WhatsApp before: such a time is none.
_FIRST = datetime(2009, 1, 1, tzinfo=UTC)


def mended(item: dict[str, Any], at: datetime) -> dict[str, Any]:
    """An item of a webhook as it can be stored, with a time: `at`, when it arrived, where it has none that is one."""
    clean: dict[str, Any] = stored(item)
    return clean if is_time(clean.get("timestamp")) else {**clean, "timestamp": str(int(at.timestamp()))}


def stored(value: Any) -> Any:
    """`value` without what no database takes: NUL characters, lone surrogates, what is nested too deeply."""
    try:
        check_value(value)
    except BadJSON:
        return storable_value(value)
    return value


def is_time(said: Any) -> bool:
    """Whether Meta's word for a time is one."""
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return False
    try:
        return from_epoch(said) >= _FIRST  # type: ignore[arg-type]  # a float is cut to its seconds
    except ValueError:
        return False
