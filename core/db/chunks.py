"""Reading many rows without holding them all in memory, also where the database keeps no cursor open for us."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def in_chunks(rows: "QuerySet[Any]", size: int) -> Iterator[Any]:
    """Yield the model instances of `rows` in their order, about `size` of them in memory at a time.

    With a cursor of the server they are those of one moment. Behind a pooler (DATABASE_POOLER) there is none: then the
    keys are read first, and a row that is gone when its turn comes is left out.
    """
    if not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        yield from rows.iterator(chunk_size=size)
        return
    keys = list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), size):
        part = keys[start : start + size]
        found = {row.pk: row for row in rows.order_by().filter(pk__in=part)}
        yield from (found[key] for key in part if key in found)
