"""The database connection, whose transactions and single writes wait for their turn. Django requires this file name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from core.db.sqlite.exact_sum import ExactSum
from core.db.sqlite.schema import SchemaEditor
from core.db.sqlite.write_queue import WriteQueue, write_queue_of

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that waits for its turn before it writes outside a transaction."""

    wrapper: "DatabaseWrapper"

    def execute(self, query: str, params: Any = None) -> Any:
        with self.wrapper.turn_for(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        with self.wrapper.turn_for(query):
            return super().executemany(query, param_list)


_DjangoWrapper: Any = base.DatabaseWrapper


class DatabaseWrapper(_DjangoWrapper):  # type: ignore[misc]  # the stubs lack the methods overridden below
    """Django's connection to SQLite. Every transaction may write (IMMEDIATE), and therefore waits for its turn."""

    SchemaEditorClass = SchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turns: WriteQueue | None = None
        self._patience = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        self._patience = params["timeout"]
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connected = super().get_new_connection(conn_params)
        connected.create_aggregate("EXACT_SUM", 1, ExactSum)
        return connected

    def create_cursor(self, name: str | None = None) -> Cursor:
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        cursor.wrapper = self
        return cursor

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Within the block, wait at most `seconds` for a turn to write, instead of the `timeout` in the settings.

        0 leaves it at that.
        """
        self.ensure_connection()
        before = self._patience
        self._wait_at_most(seconds or before)
        try:
            yield
        finally:
            self._wait_at_most(before)

    def _wait_at_most(self, seconds: float) -> None:
        self._patience = seconds
        if self.connection is not None:
            # For writers in other processes, which are not in the queue.
            self.connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    @contextmanager
    def turn_for(self, query: str) -> Iterator[None]:
        """Hold a turn while a statement writes outside a transaction."""
        if self._turns is not None or self.connection.in_transaction or not query.startswith(_WRITES):
            yield
            return
        self._take_turn()
        try:
            yield
        finally:
            self._give_turn()

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()
        finally:
            self._give_turn()

    def _commit(self) -> None:
        try:
            super()._commit()
        finally:
            self._give_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._give_turn()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            self._give_turn(closed=True)

    def _set_autocommit(self, autocommit: bool) -> None:
        # Python commits an open transaction when autocommit is turned on again.
        try:
            super()._set_autocommit(autocommit)
        finally:
            self._give_turn()

    def _take_turn(self) -> None:
        if self._turns is not None:
            return
        turns = write_queue_of(str(self.settings_dict["NAME"]))
        if not turns.take(self._patience):
            raise OperationalError("database is locked")
        self._turns = turns

    def _give_turn(self, *, closed: bool = False) -> None:
        """Pass the turn on, unless a transaction of this connection is still open."""
        if self._turns is not None and (closed or self.connection is None or not self.connection.in_transaction):
            turns, self._turns = self._turns, None
            turns.give()
