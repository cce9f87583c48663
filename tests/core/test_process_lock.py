"""The lock that keeps a second process off the database: it is watched, and taken again."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from core.db import process_lock
from core.db.process_lock import TAKEN, ProcessLock
from tests.core.rivals import connect

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite's lock is a file's"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(params=["direct", "pooler"])
def locks(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    settings.DATABASE_POOLER = None if request.param == "direct" else "transaction"
    monkeypatch.setattr(process_lock, "WATCH_SECONDS", 3600.0)  # the test looks
    made: list[ProcessLock] = []

    def make() -> ProcessLock:
        made.append(ProcessLock())
        return made[-1]

    yield make
    for lock in made:
        lock.release()


def cut(lock: ProcessLock) -> None:
    """End the lock's session at the server, as a failover or an admin would, and wait until it has ended."""
    with connect() as rival:
        rival.execute("SELECT pg_terminate_backend(%s, 5000)", [lock._connection.connection.info.backend_pid])


def wait_until_free() -> None:
    """A session that was closed ends a moment later."""
    other = ProcessLock()
    other.acquire()
    backend = other._connection.connection.info.backend_pid
    other.release()
    with connect() as rival:
        while rival.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone():
            time.sleep(0.01)


def refused(lock: ProcessLock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is held by another one, now. Otherwise `acquire` waits for a session that is about to end."""
    with monkeypatch.context() as at_once:
        at_once.setattr(process_lock, "_WAIT_SECONDS", 0.0)
        with pytest.raises(RuntimeError, match="Another Patter"):
            lock.acquire()


def test_a_second_process_is_refused(locks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = locks(), locks()
    first.acquire()
    refused(second, monkeypatch)
    first.look()
    assert first.held
    first.release()
    second.acquire()
    assert second.held


def test_it_is_taken_again_when_its_connection_broke(locks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, other = locks(), locks()
    lock.acquire()
    cut(lock)
    lock.look()
    assert lock.held
    assert process_lock.problem() is None
    refused(other, monkeypatch)


def test_if_another_process_has_it_this_one_says_so_until_it_is_free(locks: Any, client: Client) -> None:
    lock, other = locks(), locks()
    lock.acquire()
    cut(lock)
    other.acquire()

    lock.look()

    assert not lock.held
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["process_lock"] == {"status": "failed", "detail": TAKEN}

    other.release()
    wait_until_free()
    lock.look()
    assert lock.held
    assert client.get("/readyz").status_code == 200


def test_without_a_database_nothing_is_claimed(locks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locks()
    lock.acquire()
    cut(lock)
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "PORT", "1")
        lock.look()
        assert not lock.held
        assert process_lock.problem() == process_lock.UNKNOWN
    lock.look()
    assert lock.held
