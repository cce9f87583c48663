"""The short way of statements that psycopg has prepared does what psycopg does (core/db/postgresql/prepared.py)."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import IntegrityError, NotSupportedError, OperationalError, connection, transaction

from accounts.models import User
from core.db.postgresql.prepared import PreparedCursor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite prepares everything"),
]

# How often a statement runs until psycopg has prepared it, and once more.
OFTEN = 8


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run a statement and return its rows, its columns, how many rows it was about, and whether it went the short way.

    Each test has a connection of its own, on which nothing was prepared.
    """
    connection.close()

    def run(sql: str, *params: Any) -> tuple[Any, Any, int, bool]:
        with connection.prepared_cursor() as cursor, patch.object(psycopg.Cursor, "execute", autospec=True) as long_way:
            long_way.side_effect = _execute
            cursor.execute(sql, params)
            rows = cursor.fetchall() if cursor.description else None
            columns = [column.name for column in cursor.description or []]
            return rows, columns, cursor.rowcount, not long_way.called

    return run


_execute = psycopg.Cursor.execute


def test_rows_columns_and_counts_are_the_same(run: Callable[..., Any]) -> None:
    asked: dict[str, Callable[[int], tuple[Any, ...]]] = {
        "SELECT %s::int AS n, now() - now() AS nothing": lambda turn: (turn,),
        "SELECT id, username FROM accounts_user WHERE username = ANY(%s)": lambda turn: (["ann", "ben"][: turn % 3],),
        "UPDATE accounts_user SET first_name = %s": lambda turn: (f"name {turn}",),
        "SELECT '{\"a\": [1]}'::jsonb, 1.50::numeric, '100 %%' WHERE %s > 3": lambda turn: (turn,),
    }
    for name in ("ann", "ben"):
        User.objects.create_user(name, f"{name}@example.com")
    ways: dict[str, list[bool]] = {sql: [] for sql in asked}
    for turn in range(OFTEN):
        for sql, params in asked.items():
            *got, short = run(sql, *params(turn))
            ways[sql].append(short)
            with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other:
                expected = psycopg.Cursor(other).execute(sql, params(turn))
            assert got[1] == [column.name for column in expected.description or []]
            assert got[2] == expected.rowcount
            assert got[0] == (expected.fetchall() if expected.description else None)
    assert all(not turns[0] and turns[-1] for turns in ways.values()), ways


def test_other_types_and_a_rollback_take_the_long_way_again(run: Callable[..., Any]) -> None:
    sql = "SELECT %s"
    for _ in range(OFTEN):
        run(sql, 1)
    assert run(sql, 2)[::3] == ([(2,)], True)
    assert run(sql, "two")[::3] == ([("two",)], False)
    with transaction.atomic():
        run("SELECT 1")
        transaction.set_rollback(True)
    assert run(sql, 3)[::3] == ([(3,)], False)
    for _ in range(OFTEN):
        run(sql, 1)
    assert run(sql, 4)[::3] == ([(4,)], True)


def test_it_begins_the_transaction_that_it_belongs_to(run: Callable[..., Any]) -> None:
    User.objects.create_user("ann", "ann@example.com")
    sql = "UPDATE accounts_user SET first_name = %s"
    for turn in range(OFTEN):
        run(sql, f"{turn}")
    connection.set_autocommit(False)
    run(sql, "later")
    connection.rollback()
    connection.set_autocommit(True)
    assert User.objects.get().first_name == f"{OFTEN - 1}"


def test_errors_are_those_of_psycopg(run: Callable[..., Any]) -> None:
    sql = "INSERT INTO auth_group (name) VALUES (%s)"
    for turn in range(OFTEN):
        run(sql, f"{turn}")
    with patch.object(psycopg.Cursor, "execute", side_effect=AssertionError("the long way")):
        for _ in range(2):  # the connection goes on
            with pytest.raises(IntegrityError, match="auth_group_name"), connection.prepared_cursor() as cursor:
                cursor.execute(sql, ["1"])
    assert run("SELECT COUNT(*) FROM auth_group")[0] == [(OFTEN,)]


def test_a_lost_connection_is_an_operational_error(run: Callable[..., Any]) -> None:
    for _ in range(OFTEN):
        run("SELECT %s", 1)
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    with (
        patch.object(connection, "close_if_health_check_failed"),
        patch.object(psycopg.Cursor, "execute", side_effect=AssertionError("the long way")),
        pytest.raises(OperationalError, match="connection"),
        connection.prepared_cursor() as cursor,
    ):
        cursor.execute("SELECT %s", [1])
    connection.close()


@pytest.fixture
def table() -> Iterator[Callable[[str], None]]:
    """Does something with a table from another connection, as `migrate` does: `alter("TYPE varchar(20)")`."""
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other:
        other.execute("CREATE TABLE upgraded AS SELECT 'a'::varchar(10) AS name")
        yield lambda change: other.execute(f"ALTER TABLE upgraded ALTER COLUMN name {change}")
        other.execute("DROP TABLE upgraded")


SEES = "SELECT name FROM upgraded WHERE name <> %s"


def test_it_goes_on_after_a_migration_changed_a_column(run: Callable[..., Any], table: Callable[[str], None]) -> None:
    """PostgreSQL would refuse what was prepared before, on every connection for as long as it lives."""
    for _ in range(OFTEN):
        run(SEES, "b")
    assert run(SEES, "b")[3]
    table("TYPE varchar(20)")
    assert [run(SEES, "b")[0] for _ in range(OFTEN)] == [[("a",)]] * OFTEN
    assert run(SEES, "b")[3], "prepared again"
    table("TYPE text")
    with connection.prepared_cursor(), connection.prepared_cursor() as inner:  # one that has not learned it yet
        inner.execute(SEES, ["b"])
        assert inner.fetchall() == [("a",)]


def test_within_a_transaction_it_can_only_be_tried_again(run: Callable[..., Any], table: Callable[[str], None]) -> None:
    for _ in range(OFTEN):
        run(SEES, "b")
    table("TYPE varchar(20)")
    with transaction.atomic():
        User.objects.create_user("ann", "ann@example.com")
        # Answered with 503, as when the database is away.
        with pytest.raises(OperationalError, match="out of date"), transaction.atomic():
            run(SEES, "b")
        assert run(SEES, "b")[0] == [("a",)], "after a savepoint"
    assert User.objects.count() == 1
    assert run(SEES, "b")[0] == [("a",)]


def test_it_goes_on_when_the_session_was_reset(run: Callable[..., Any]) -> None:
    for _ in range(OFTEN):
        run("SELECT %s", 1)
    connection.connection.pgconn.exec_(b"DISCARD ALL")
    assert [run("SELECT %s", 2)[0] for _ in range(OFTEN)] == [[(2,)]] * OFTEN


def test_what_is_not_supported_stays_an_error(run: Callable[..., Any]) -> None:
    for _ in range(OFTEN):
        run("SELECT %s", 1)
    with pytest.raises(NotSupportedError), transaction.atomic():
        run("SELECT COUNT(*) FROM accounts_user FOR UPDATE")


def test_other_threads_run_while_it_waits(run: Callable[..., Any]) -> None:
    """It waits for a lock that another thread lets go: it never would if this one kept the interpreter."""
    sql = "SELECT pg_advisory_lock(%s)"
    for _ in range(OFTEN):
        run(sql, 1)
    assert run(sql, 1)[3]
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other:
        other.execute(sql, [2])
        waiting = threading.Event()

        def let_go() -> None:
            waiting.wait()
            while not other.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone():
                pass
            other.execute("SELECT pg_advisory_unlock(2)")

        thread = threading.Thread(target=let_go)
        thread.start()
        connection.connection.execute("SET statement_timeout = '5s'")
        waiting.set()
        run(sql, 2)
        thread.join()


def test_one_is_kept_for_each_connection(run: Callable[..., Any]) -> None:
    with connection.prepared_cursor() as cursor:
        assert isinstance(cursor.cursor, PreparedCursor)
    with connection.prepared_cursor() as again:
        assert again.cursor is cursor.cursor
