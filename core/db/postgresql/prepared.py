"""Statements that are prepared once for a connection, and then run with one call of libpq.

psycopg's own cursor looks at a statement anew each time, sends it in one step and waits for it in several, each of
which gives up the interpreter to other threads and asks for it back. For a small statement that takes longer than the
statement.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors
from psycopg._queries import PostgresQuery
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format

# Patter has some 150 texts. A server keeps what is prepared as long as the connection, so others stay with psycopg.
MOST_NAMES, MOST_TEXTS = 300, 1_000

# How psycopg reads times: in C, in the zone of the connection, which is UTC. Django reads them in Python, and a page of
# 50 messages has 250 of them.
_TIMES = psycopg.adapters.types["timestamptz"].oid
_LOAD_TIMES: Any = psycopg.adapters.get_loader(_TIMES, Format.TEXT)

_WELL = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Prepared:
    """What has been prepared on a connection, by the text and the types of its parameters, and what ran how often.

    A statement is prepared when it has run `threshold` times; None: never, as behind a pooler.
    """

    def __init__(self, connection: psycopg.Connection[Any], threshold: int | None) -> None:
        self.connection, self.threshold = connection, threshold
        # Or else psycopg would prepare, too, and have the server forget all that is prepared whenever it rolls back.
        connection.prepare_threshold = None
        self.names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self.texts: dict[str, tuple[bytes, list[PyFormat]]] = {}
        self.runs: Counter[str] = Counter()


class PreparedCursor:
    """A cursor that has `execute`, `fetchone`, `fetchall`, `rowcount` and `description`. It raises what psycopg raises.

    It learns how to read each type only once, so it is kept as long as the connection. `plain` is psycopg's own, for
    those who listen to what runs.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared, self.connection = prepared, prepared.connection
        self.plain: psycopg.Cursor[Any] = psycopg.Cursor(self.connection)
        self.plain.adapters.register_loader(_TIMES, _LOAD_TIMES)
        self._values, self._rows = Transformer(self.plain), Transformer(self.plain)
        # Of the last statement; None if psycopg has run it.
        self._result: Any = None
        self._read = 0

    def execute(self, sql: str, params: Sequence[Any] | None = None) -> None:
        """Run a statement."""
        if not self._is_frequent(sql):
            self._result = None
            self.plain.execute(sql, params)
            return
        text, formats = self.prepared.texts.get(sql) or self._learn(sql, params)
        values = self._values.dump_sequence(params or (), formats)
        name = self._name(sql, text)
        self._result, self._read = self._well(self._pg.exec_prepared(name, values, self._values.formats)), 0
        self._rows.set_pgresult(self._result)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        if self._result is None:
            return self.plain.fetchone()
        if self._read >= self._result.ntuples:
            return None
        self._read += 1
        return self._rows.load_row(self._read - 1, tuple)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        if self._result is None:
            return self.plain.fetchall()
        start, self._read = self._read, self._result.ntuples
        return self._rows.load_rows(start, self._read, tuple)

    @property
    def rowcount(self) -> int:
        """How many rows the last statement gave or changed."""
        return self.plain.rowcount if self._result is None else int(self._result.command_tuples or 0)

    @property
    def description(self) -> Any:
        """None if the last statement answers with no rows. Of what was prepared, it is only true otherwise."""
        return self.plain.description if self._result is None else bool(self._result.nfields) or None

    @property
    def _pg(self) -> Any:
        return self.connection.pgconn

    def _is_frequent(self, sql: str) -> bool:
        threshold, runs = self.prepared.threshold, self.prepared.runs
        if threshold is None:
            return False
        if runs[sql] < threshold:
            if len(runs) > MOST_TEXTS:
                runs.clear()
            runs[sql] += 1
            return False
        return sql in self.prepared.texts or len(self.prepared.names) < MOST_NAMES

    def _learn(self, sql: str, params: Sequence[Any] | None) -> tuple[bytes, list[PyFormat]]:
        query = PostgresQuery(self._values)
        query.convert(sql, params)
        found = self.prepared.texts[sql] = query.query, [PyFormat.AUTO] * len(params or ())
        return found

    def _name(self, sql: str, text: bytes) -> bytes:
        types = tuple(self._values.types or ())
        name = self.prepared.names.get((sql, types))
        if name is None:
            name = b"patter_%d" % len(self.prepared.names)
            self._well(self._pg.prepare(name, text, types))
            self.prepared.names[sql, types] = name
        return name

    def _well(self, result: Any) -> Any:
        if result.status in _WELL:
            return result
        if self._pg.status == ConnStatus.BAD:
            raise psycopg.OperationalError(self._pg.get_error_message())
        raise errors.error_from_result(result, self.connection.info.encoding)
