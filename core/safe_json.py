"""A JSON parser for REST bodies and socket frames that refuses what would cause harm later.

PostgreSQL cannot store NUL characters and lone surrogates. SQLite stores lone surrogates, but then no response that
contains them can be encoded: one such value breaks a list for everyone. Python's parser exceeds its stack on deep
nesting, and accepts NaN and infinity, which are not JSON.
"""

import json
import math
import re
from typing import Any

MAX_DEPTH = 64

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadJSON(ValueError):
    """The text is not JSON that Patter accepts; `str()` says why."""


def _refuse_constant(name: str) -> Any:
    raise BadJSON(f"{name} is not allowed in JSON.")


def check_text(text: str) -> None:
    """Raise BadJSON if `text` contains a character that cannot be stored."""
    if _UNSTORABLE.search(text):
        raise BadJSON("Text may not contain NUL characters or lone surrogates.")


def storable(text: str) -> str:
    """Return `text` without characters that cannot be stored, where that is better than refusing all of the input."""
    return _UNSTORABLE.sub("", text)


def storable_value(value: Any, depth: int = 0) -> Any:
    """Return `value` as JSON that `check_value` takes: every text `storable`, nothing nested deeper than MAX_DEPTH."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if depth >= MAX_DEPTH and isinstance(value, dict | list):
        return None
    if isinstance(value, list):
        return [storable_value(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable_value(item, depth + 1) for key, item in value.items()}
    return value


def check_value(value: Any, depth: int = 0) -> None:
    """Raise BadJSON if `value` is nested deeper than MAX_DEPTH, or contains text or a number that cannot be stored."""
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):  # what the parser makes of 1e999
            raise BadJSON("A number is too large.")
    elif isinstance(value, dict | list):
        if depth >= MAX_DEPTH:
            raise BadJSON(f"JSON may not be nested deeper than {MAX_DEPTH} levels.")
        for item in value.values() if isinstance(value, dict) else value:
            check_value(item, depth + 1)
        if isinstance(value, dict):
            for key in value:
                check_text(key)


def loads(raw: bytes | str) -> Any:
    """Parse `raw` as UTF-8 JSON. Raises BadJSON, whose text may be shown to the sender."""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value = json.loads(text, parse_constant=_refuse_constant)
    except BadJSON:
        raise
    except UnicodeDecodeError as error:
        raise BadJSON("The body is not valid UTF-8.") from error
    except RecursionError as error:
        raise BadJSON(f"JSON may not be nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise BadJSON(f"JSON parse error - {error}") from error
    check_value(value)
    return value
