"""Somebody else at the database: a second connection that holds a row, as psql would."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from core.db.patience import Waits, process_waits, use_in_process


def connect() -> "psycopg.Connection[tuple[object, ...]]":
    """A connection of its own to PostgreSQL's test database."""
    known = connection.settings_dict
    return psycopg.connect(
        dbname=known["NAME"],
        host=known["HOST"] or None,
        port=known["PORT"] or None,
        user=known["USER"] or None,
        password=known["PASSWORD"] or None,
        autocommit=True,
    )


@contextmanager
def holding(table: str, pk: int, how: str = "FOR UPDATE") -> Iterator[None]:
    """Within the block, the row is locked by somebody else. PostgreSQL only, and only for committed rows."""
    with connect() as rival:
        rival.execute("BEGIN")
        rival.execute(f"SELECT 1 FROM {table} WHERE id = {int(pk)} {how}")
        try:
            yield
        finally:
            rival.execute("ROLLBACK")


@contextmanager
def limited(*, lock: float) -> Iterator[None]:
    """Within the block, threads of this process that have no limits of their own wait so many seconds for a lock."""
    before = process_waits()
    use_in_process(Waits(lock=lock, statement=20, idle=20))
    connection.close()
    try:
        yield
    finally:
        use_in_process(before)
        connection.close()
