"""JSON from outside, refused before it can hurt: depth, NUL characters, lone surrogates, NaN, infinity.

PostgreSQL stores neither NUL nor lone surrogates, SQLite stores surrogates that no response can be
encoded with again, and the standard parser overruns the stack on deep nesting
(reference/reliability.md, section 2). One parser for REST bodies and socket frames keeps all three out.
"""

import json
import math
import re
from typing import Any

MAX_DEPTH = 64

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadJSON(ValueError):
    """The text is not JSON that Patter takes; `str()` says why."""


def _refuse_constant(name: str) -> Any:
    raise BadJSON(f"{name} is not allowed in JSON.")


def check_text(text: str) -> None:
    """Raise BadJSON when `text` holds a character that cannot be stored."""
    if _UNSTORABLE.search(text):
        raise BadJSON("Text may not contain NUL characters or lone surrogates.")


def storable(text: str) -> str:
    """`text` without the characters that cannot be stored, for words that are not worth refusing the rest for."""
    return _UNSTORABLE.sub("", text)


def check_value(value: Any, depth: int = 0) -> None:
    """Raise BadJSON for nesting below MAX_DEPTH, unstorable text or no finite number anywhere in `value`."""
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
    """Parse `raw` as UTF-8 JSON. Raises BadJSON with a text that may be shown to the sender."""
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
