"""The database connection, which says how long its statements may wait. Django requires this file name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLIN, poll
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from psycopg import Error
from psycopg.pq import Format, TransactionStatus

from core.db.patience import Waits, process_waits
from core.db.postgresql.prepared import PreparedCursor
from core.db.reports import REPORTS

_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
# How Django ends a query that locks rows.
_LOCKING = re.compile(r" FOR (NO KEY )?UPDATE( OF [\w\", .]+)?$")
# A row that several transactions want is waited for twice: for one's place in the queue, then for the row.
_SECOND_WAIT_SECONDS = 0.5
_NAMES = {"lock": "lock_timeout", "statement": "statement_timeout", "idle": "idle_in_transaction_session_timeout"}
# How lists are planned. To compile a statement to machine code takes longer than the slowest of them. And what is read
# every day is in memory, where any page of a table costs about the same: otherwise PostgreSQL would rather read a whole
# table than 10,000 of its rows.
_PLANNING = "-c jit=off -c random_page_cost=1.1"
# How psycopg reads times: in C, in the zone of the connection, which is UTC. Django reads them in Python, and a page of
# 50 messages has 250 of them.
_TIMES = psycopg.adapters.types["timestamptz"].oid
_LOAD_TIMES: Any = psycopg.adapters.get_loader(_TIMES, Format.TEXT)

_DjangoCursor: Any = base.Cursor
_DjangoWrapper: Any = base.DatabaseWrapper


class Cursor(_DjangoCursor):  # type: ignore[misc]  # Django's is made for two versions of psycopg
    """A cursor whose statements wait for locks only as long as the connection's `waits` say."""

    # None for cursors that Django does not know: they begin and end what this one is for.
    wrapper: "DatabaseWrapper | None" = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if self.wrapper is None or not isinstance(query, str):
            return super().execute(query, params, **options)
        if bounds := self.wrapper.bounds_of(query):
            # One message. The cursor stands at the first of its results.
            before = [f"SET LOCAL {name} = {_ms(bound)}" for name, bound, _ in bounds]
            after = [f"SET LOCAL {name} = {_ms(usual)}" for name, _, usual in bounds]
            super().execute("; ".join([*before, query, *after]), params, **options)
            for _ in before:
                self.nextset()
            return self
        with self.wrapper.limits_for(query):
            return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> Any:
        if self.wrapper is None:
            return super().executemany(query, params_seq, **options)
        with self.wrapper.limits_for(query):
            return super().executemany(query, params_seq, **options)


class DatabaseWrapper(_DjangoWrapper):  # type: ignore[misc]  # the stubs lack the methods overridden below
    """Django's connection to PostgreSQL, with the limits of core/db/patience.py."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waits: Waits | None = None
        # What PostgreSQL was told when this connection opened; None behind a pooler, where nobody knows.
        self._session: Waits | None = None
        # The limits that the current transaction began with.
        self._began: Waits | None = None
        # While nobody uses it.
        self._prepared: PreparedCursor | None = None

    @contextmanager
    def prepared_cursor(self) -> Iterator[Any]:
        """A cursor like `cursor()` for the block. It prepares statements that run often (core/db/compiled.py).

        One is kept as long as the connection, because it takes longer to learn how to read each type than to read a row
        of forty columns. Within the block of another one it is a new one.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        cursor, self._prepared = self._prepared, None
        if cursor is None or cursor.connection is not self.connection:
            cursor = PreparedCursor(self.connection)
            cursor.adapters.register_loader(_TIMES, _LOAD_TIMES)
        # Writes outside a transaction, where the connection's limits are not those of whoever uses it now.
        cursor.limits_for = self.limits_for if self.waits != self._session and self._idle() else None
        try:
            yield self._prepare_cursor(cursor)
        finally:
            self._prepared = cursor

    @property
    def waits(self) -> Waits:
        """The limits of whoever uses this connection now."""
        return self._waits or process_waits()

    @waits.setter
    def waits(self, waits: Waits | None) -> None:
        self._waits = waits

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Within the block, wait at most `seconds` for a lock.

        In a transaction that is open already this is for statements that only lock rows.
        """
        before = self._waits
        self._waits = Waits(seconds, self.waits.statement, self.waits.idle)
        try:
            yield
        finally:
            self._waits = before

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params["cursor_factory"] = Cursor
        self._session = None
        if settings.DATABASE_POOLER is None:
            self._session = self.waits
            ours = " ".join(f"-c {_NAMES[name]}={_ms(seconds)}" for name, seconds in vars(self._session).items())
            params["options"] = f"{_PLANNING} {ours} {params.get('options', '')}".strip()
        return params

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        cursor.wrapper = self
        return cursor

    def is_usable(self) -> bool:
        """Whether the next request may go on with this connection. Nothing has been sent for it yet.

        Costs no round trip: a server that was stopped has closed the connection, and one that may only be read has said
        so. After a failover another one may be written. After an error, behind a pooler (whose connection says nothing
        about the server's) and before PostgreSQL 14 (which does not say it) the server is asked.
        """
        if self.connection is None or self._hung_up():
            return False
        if self.alias == REPORTS:
            return not self.errors_occurred  # it is only read
        info = self.connection.info
        said = {info.parameter_status("in_hot_standby"), info.parameter_status("default_transaction_read_only")}
        if self._session is not None and not self.errors_occurred and None not in said:
            return said == {"off"}
        try:
            row = self.connection.execute("SELECT current_setting('transaction_read_only')", prepare=False).fetchone()
        except Error:
            return False
        return bool(row[0] == "off")

    def _hung_up(self) -> bool:
        """Whether the connection is closed on either side. Whatever else the server has said meanwhile is taken in."""
        try:
            server, said = self.connection.pgconn, poll()
            said.register(server.socket, POLLIN)
            while said.poll(0):
                server.consume_input()  # fails at the end of what was said before the server closed
        except Error:
            return True
        return bool(self.connection.closed)

    def limits_to_set(self) -> str:
        """`SET LOCAL` for each limit that the session does not have already."""
        known = vars(self._session) if self._session is not None else {}
        wanted = {name: seconds for name, seconds in vars(self.waits).items() if known.get(name) != seconds}
        return "".join(f"; SET LOCAL {_NAMES[name]} = {_ms(seconds)}" for name, seconds in wanted.items())

    def bounds_of(self, query: str) -> list[tuple[str, float, float]]:
        """The limits of a statement in a transaction that only locks rows: name, seconds, and the usual seconds.

        Empty for other statements, or where there are no limits.
        """
        waits = self.waits
        if not waits.lock or _LOCKING.search(query) is None or self._idle():
            return []
        bounds = []
        if self._began is not None and self._began.lock != waits.lock:
            bounds.append((_NAMES["lock"], waits.lock, self._began.lock))
        whole = waits.lock + _SECOND_WAIT_SECONDS
        if not waits.statement or whole < waits.statement:
            bounds.append((_NAMES["statement"], whole, waits.statement))
        return bounds

    @contextmanager
    def limits_for(self, query: Any) -> Iterator[None]:
        """Give a statement that writes outside a transaction one of its own, if it needs limits."""
        limits = self.limits_to_set() if isinstance(query, str) and query.startswith(_WRITES) else ""
        if not limits or not self._idle():
            yield
            return
        self.connection.execute(f"BEGIN{limits}", prepare=False)
        try:
            yield
        except BaseException:
            if not self.connection.closed:
                self.connection.rollback()
            raise
        self.connection.commit()

    def _idle(self) -> bool:
        """Whether no transaction is open, and none would be opened by the next statement."""
        status = self.connection.info.transaction_status
        return bool(self.connection.autocommit and status == TransactionStatus.IDLE)

    def _start_transaction_under_autocommit(self) -> None:
        # psycopg would send BEGIN before the first statement, and the limits after it: one round trip more.
        self._began = self.waits
        with self.wrap_database_errors:
            self.connection.execute(f"BEGIN{self.limits_to_set()}", prepare=False)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
