"""A cursor that runs a prepared statement by one call of libpq."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

_FINE = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})

# Its inner parts are not in its types. They are those of the psycopg in requirements.txt; tests/core/test_prepared.py
# fails where another one differs.
_PsycopgCursor: Any = psycopg.Cursor


class PreparedCursor(_PsycopgCursor):  # type: ignore[misc]
    """psycopg's cursor, which takes a shorter way for what psycopg has prepared on this connection.

    psycopg sends a statement, waits and reads through a chain of Python generators, and learns for each statement anew
    how to read its columns. That takes longer than PostgreSQL takes to find a row. Here libpq does all of it in one
    call, in which other threads run, and what was learned is kept with the statement.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__(connection)
        # What psycopg made of the texts that it has prepared: their parameters, and how they are read.
        self._made: dict[str, Any] = {}
        # Gives a statement the limits that it needs, where the connection has others.
        self.limits_for: Callable[[Any], AbstractContextManager[None]] | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if self.limits_for is None:
            return self._run_or_prepare_anew(query, params, options)
        with self.limits_for(query):
            return self._run_or_prepare_anew(query, params, options)

    def _run_or_prepare_anew(self, query: Any, params: Any, options: dict[str, Any]) -> Any:
        try:
            return self._run(query, params, options)
        except (FeatureNotSupported, InvalidSqlStatementName) as error:
            if not _outdated(error):
                raise
            # psycopg would go on using them as long as the connection lives.
            self._conn._prepared.clear()
            if self._pgconn.transaction_status != TransactionStatus.IDLE:
                raise psycopg.OperationalError(f"what was prepared is out of date: {error}") from error
        return self._the_long_way(query, params, options)

    def _run(self, query: Any, params: Any, options: dict[str, Any]) -> Any:
        made = self._made.get(query)
        if made is None or options or self._begins_transaction():
            return self._the_long_way(query, params, options)
        made.dump(params)
        name = self._conn._prepared._names.get((made.query, made.types))
        if name is None:  # another type of parameter, or forgotten: psycopg forgets all of them after a rollback
            return self._the_long_way(query, params, options)
        with self._conn.lock:
            result = self._pgconn.exec_prepared(name, made.params, made.formats)
        self._reset()
        self._last_query, self._tx = query, made._tx
        if result.status not in _FINE:
            raise self._error(result)
        self._set_results([result])
        return self

    def _the_long_way(self, query: Any, params: Any, options: dict[str, Any]) -> Any:
        super().execute(query, params, **options)
        if (self._converted.query, self._converted.types) in self._conn._prepared._names:
            self._made[query] = self._converted
            self._last_query = None  # psycopg would go on learning with what is now kept for this statement
        return self

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        self._converted = super()._convert_query(query, params)
        return self._converted

    def _error(self, result: Any) -> psycopg.Error:
        if self._pgconn.status == ConnStatus.BAD:  # then PostgreSQL has said nothing about the statement
            return psycopg.OperationalError(f"the connection is lost: {result.get_error_message()}")
        return psycopg.errors.error_from_result(result, encoding=self._encoding)

    def _begins_transaction(self) -> bool:
        """Whether psycopg would send BEGIN first."""
        return not self._conn.autocommit and self._pgconn.transaction_status == TransactionStatus.IDLE


def _outdated(error: psycopg.Error) -> bool:
    """Whether PostgreSQL no longer runs what it prepared: a migration gave a column another type, or it forgot it."""
    # Its texts are translated, and other things are not supported either.
    return isinstance(error, InvalidSqlStatementName) or error.diag.source_function == "RevalidateCachedQuery"
