"""What the database was asked, for tests that compare the work behind several answers."""

import re
from collections.abc import Iterable, Mapping
from typing import Any


def without_values(queries: Iterable[Mapping[str, Any]]) -> list[str]:
    """The captured statements, with a question mark for each value.

    psycopg shows a prepared statement with placeholders, and not at all from its sixth time on.
    """
    return [_shape(query["sql"]) for query in queries]


def _shape(sql: str | None) -> str:
    # Values first: the hash of a password may look like a placeholder.
    shape = re.sub(r"'[^']*'|\d+", "?", sql or "$?")
    return "prepared" if "$?" in shape else shape
