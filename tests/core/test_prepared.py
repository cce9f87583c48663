"""Statements that run often give what psycopg gives, before they are prepared and after."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.utils import ProgrammingError

from accounts.models import User
from core.db.compiled import prepared_cursor

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL prepares statements"),
]

# One more than the `prepare_threshold` in config/settings.py, and again.
TIMES = 8
AT = datetime(2026, 11, 28, 12, 30, 0, 123000, tzinfo=timezone(timedelta(hours=5, minutes=30)))


@pytest.fixture(autouse=True)
def _nothing_is_prepared(db: None) -> None:
    """As on a new connection."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        for name in _names():
            cursor.execute(f"DEALLOCATE {name}")
    connection._prepared = None  # type: ignore[attr-defined]  # of our own backend


def _names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'patter%%'")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT %s + 1", [1]),
        ("SELECT %s + 1", [70_000]),
        ("SELECT %s + 1", [2**40]),
        ("SELECT %s::text, %s::int", ["a 100 % ü 🙂", None]),
        ("SELECT %s::timestamptz, now() < %s", [AT, AT]),
        ("SELECT x FROM unnest(%s::bigint[]) x WHERE x = ANY(%s)", [[1, 2, 2**40], [2, 2**40]]),
        ("SELECT %s::uuid, %s::boolean, %s::numeric", [UUID(int=7), True, 1.5]),
        ("SELECT '{\"a\": [1, null]}'::jsonb, %s::jsonb", ['{"b": "ü"}']),
        ("SELECT 'x' LIKE 'x%%', %s", [5]),
        ("SELECT x FROM generate_series(1, %s) x", [0]),
        ("SELECT x FROM generate_series(1, %s) x", [50]),
    ],
)
def test_the_rows_are_the_same_each_time(sql: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        expected = cursor.connection.execute(sql, params).fetchall()
    found, one_by_one = [], []
    for _ in range(TIMES):
        with prepared_cursor() as cursor:
            cursor.execute(sql, params)
            found.append(cursor.fetchall())
            cursor.execute(sql, params)
            one_by_one.append([row for _ in range(len(expected) + 1) if (row := cursor.fetchone()) is not None])

    assert found == one_by_one == [expected] * TIMES
    assert len(_names()) == 1


def test_each_type_of_a_parameter_is_prepared_by_itself() -> None:
    for value in [1, 2**40, "a", 1, 2**40, "a"] * TIMES:
        with prepared_cursor() as cursor:
            cursor.execute("SELECT %s", [value])
            assert cursor.fetchone() == (value,)

    assert len(_names()) == 3


def test_times_are_in_utc() -> None:
    for _ in range(TIMES):
        with prepared_cursor() as cursor:
            cursor.execute("SELECT %s::timestamptz", [AT])
            (at,) = cursor.fetchone()
        assert (at, at.utcoffset()) == (AT.astimezone(UTC), timedelta(0))


def test_changed_rows_are_counted() -> None:
    User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@example.com") for n in range(3))
    counts = set()
    for _ in range(TIMES):
        with prepared_cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET first_name = %s WHERE username LIKE 'u%%'", ["x"])
            counts.add((cursor.rowcount, cursor.description))
            cursor.execute("UPDATE accounts_user SET first_name = %s WHERE username = 'u1' RETURNING username", ["x"])
            assert cursor.description
            assert cursor.fetchone() == ("u1",)

    assert counts == {(3, None)}


def test_one_within_the_block_of_another() -> None:
    for _ in range(TIMES):
        with prepared_cursor() as outer:
            outer.execute("SELECT x FROM generate_series(1, %s) x", [3])
            first = outer.fetchone()
            with prepared_cursor() as inner:
                inner.execute("SELECT x FROM generate_series(1, %s) x", [2])
                assert inner.fetchall() == [(1,), (2,)]
            assert [first, *outer.fetchall()] == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("sql", "params", "error"),
    [
        ("INSERT INTO accounts_user (id) VALUES (%s)", [1], IntegrityError),
        ("SELECT 1 / %s", [0], DataError),
        ("SELECT * FROM nowhere WHERE id = %s", [1], ProgrammingError),
    ],
)
def test_errors_are_those_of_django_and_leave_the_connection_as_it_was(
    sql: str, params: list[Any], error: type[Exception]
) -> None:
    for _ in range(TIMES):
        with pytest.raises(error), transaction.atomic(), prepared_cursor() as cursor:
            cursor.execute(sql, params)
        with prepared_cursor() as cursor:
            cursor.execute("SELECT %s", [5])
            assert cursor.fetchone() == (5,)


@pytest.mark.django_db(transaction=True)
def test_what_is_prepared_outlives_a_transaction_that_is_rolled_back() -> None:
    for _ in range(TIMES):
        with pytest.raises(DataError), transaction.atomic(), prepared_cursor() as cursor:
            cursor.execute("SELECT 1 / %s", [0])
        with transaction.atomic(), prepared_cursor() as cursor:
            cursor.execute("SELECT %s", [5])
            assert cursor.fetchone() == (5,)
            transaction.set_rollback(True)

    assert len(_names()) == 2


def test_behind_a_pooler_nothing_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", None)
    for _ in range(TIMES):
        with prepared_cursor() as cursor:
            cursor.execute("SELECT %s", [5])
            assert cursor.fetchone() == (5,)

    assert _names() == []


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_ended_is_opened_anew() -> None:
    def ask() -> Any:
        with prepared_cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), %s", [1])
            return cursor.fetchone()

    pids = {ask()[0] for _ in range(TIMES)}
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", list(pids))
    other.close()
    with pytest.raises(OperationalError):
        ask()
    connection.close()

    assert len({ask()[0] for _ in range(TIMES)} - pids) == 1
