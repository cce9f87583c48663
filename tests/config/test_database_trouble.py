"""A database that is busy, may only be read, or is away: 503 with a clear text, in the shape of the path."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from config import errors, health
from core.db import encoding
from core.models import WriteProbe
from customers.models import Customer
from tags.admin.tags import TagAdmin
from tests.cast import PASSWORD, ClientOf

LOCKED = (OperationalError, psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"))
STATEMENT = (OperationalError, psycopg.errors.QueryCanceled("canceling statement due to statement timeout"))
DEADLOCK = (OperationalError, psycopg.errors.DeadlockDetected("deadlock detected"))
READ_ONLY = (InternalError, psycopg.errors.ReadOnlySqlTransaction("cannot execute UPDATE in a read-only transaction"))
SQLITE_READ_ONLY = (OperationalError, sqlite3.OperationalError("attempt to write a readonly database"))
SQLITE_LOCKED = (OperationalError, sqlite3.OperationalError("database is locked"))
FULL = (OperationalError, psycopg.errors.DiskFull("could not extend file: No space left on device"))
GONE = (OperationalError, psycopg.OperationalError("server closed the connection unexpectedly"))

BUSY = [LOCKED, STATEMENT, DEADLOCK, SQLITE_LOCKED]
ONLY_READ = [READ_ONLY, SQLITE_READ_ONLY]
AWAY = [FULL, GONE]
TEXTS = [(BUSY, errors.BUSY), (ONLY_READ, errors.READ_ONLY), (AWAY, errors.AWAY)]


@pytest.fixture
def writes_fail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """From the call on, every statement that changes something or locks a row fails so."""
    plain = CursorWrapper.execute

    def fail_with(kind: type[Exception], cause: Exception) -> None:
        def execute(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
            if str(sql).startswith(("INSERT", "UPDATE", "DELETE")) or "FOR NO KEY UPDATE" in str(sql):
                raise kind(str(cause)) from cause
            return plain(self, sql, params)

        monkeypatch.setattr(CursorWrapper, "execute", execute)
        monkeypatch.setattr(connection, "close", lambda: None)  # the test's transaction lives on it

    yield fail_with
    monkeypatch.undo()


@pytest.mark.parametrize(("error", "text"), [(one, text) for kind, text in TEXTS for one in kind])
def test_writes_are_answered_503_and_change_nothing(
    client_of: ClientOf, owner: User, customer: Customer, writes_fail: Any, error: Any, text: str
) -> None:
    client = client_of(owner)
    writes_fail(*error)

    answer = client.patch(f"/api/customers/{customer.pk}/", {"first_name": "Jim"})

    assert (answer.status_code, answer.json()) == (503, {"detail": text, "code": "unavailable"})
    assert int(answer["Retry-After"]) > 0
    assert client.get(f"/api/customers/{customer.pk}/").status_code == 200, "reading goes on"
    customer.refresh_from_db()
    assert customer.first_name == "John"


@pytest.mark.parametrize("error", [LOCKED, READ_ONLY])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/api/contacts/",
            {"name": "Ann", "email": "ann@a.example", "wa_number": "+94771112233", "tp_number": "+94771112233"},
        ),
        ("/api/v1/msg/tags/", {"name": "urgent"}),
    ],
)
def test_the_shape_is_that_of_the_path(
    client_of: ClientOf, admin: User, customer: Customer, writes_fail: Any, error: Any, path: str, body: dict[str, str]
) -> None:
    client = client_of(admin)
    shape = client.post(path, {}).json().keys()
    writes_fail(*error)

    answer = client.post(path, {**body, "customer": customer.pk, "customer_id": customer.pk})

    assert answer.status_code == 503, answer.content
    assert set(answer.json()) <= set(shape) | {"detail", "errors", "data"}
    assert "try again" in answer.content.decode()
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("error", [LOCKED, READ_ONLY, SQLITE_READ_ONLY])
def test_django_admin_says_so_too(
    client: Client, admin: User, customer: Customer, writes_fail: Any, error: Any, debug: bool, settings: Any
) -> None:
    settings.DEBUG = debug
    client.raise_request_exception = False
    client.force_login(admin)
    before = customer.updated_at
    writes_fail(*error)

    page = client.post("/admin/tags/tag/add/", {"name": "urgent"})

    assert page.status_code == 503
    assert page["Retry-After"]
    assert "try again" in page.content.decode()
    assert "Traceback" not in page.content.decode()
    customer.refresh_from_db()
    assert customer.updated_at == before


def test_signing_in_to_django_admin_meets_it_in_the_session(client: Client, admin: User, writes_fail: Any) -> None:
    client.raise_request_exception = False
    writes_fail(*READ_ONLY)
    page = client.post("/admin/login/", {"username": admin.username, "password": PASSWORD})
    assert page.status_code == 503
    assert page.content.decode().strip() == errors.READ_ONLY


def test_other_errors_are_still_ours(client: Client, monkeypatch: pytest.MonkeyPatch, admin: User) -> None:
    client.raise_request_exception = False
    client.force_login(admin)
    monkeypatch.setattr(TagAdmin, "get_queryset", lambda *_: 1 / 0)
    assert client.get("/admin/tags/tag/").status_code == 500


def test_signing_in_to_the_api_is_answered_503(anonymous: APIClient, owner: User, writes_fail: Any) -> None:
    writes_fail(*READ_ONLY)
    answer = anonymous.post("/api/auth/login/", {"username": owner.username, "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (503, {"detail": errors.READ_ONLY, "code": "unavailable"})


# --- /readyz -------------------------------------------------------------------------------------


@pytest.fixture
def _forget_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_done", set())


def test_readyz_writes_a_row_of_its_own(client: Client, db: None) -> None:
    for _ in range(2):
        assert client.get("/readyz").status_code == 200
    assert WriteProbe.objects.count() == 1


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (READ_ONLY, "The database is read-only."),
        (SQLITE_READ_ONLY, "The database is read-only."),
        (LOCKED, "The database is busy: a write waited longer than 2 s."),
        (FULL, "The database cannot be written."),
    ],
)
def test_readyz_fails_if_nothing_can_be_written(
    client: Client, db: None, writes_fail: Any, error: Any, detail: str
) -> None:
    writes_fail(*error)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == {"status": "failed", "detail": detail}


def test_another_encoding_is_refused(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "wrong_encoding", lambda: "The encoding of the database is LATIN1, but must be UTF8.")
    monkeypatch.setattr(health, "wrong_encoding", encoding.wrong_encoding)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "LATIN1" in answer.json()["checks"]["database"]["detail"]
    with pytest.raises(RuntimeError, match="LATIN1"):
        encoding.refuse_wrong_encoding()
    assert [error.id for error in encoding.check_encoding(databases=["default"])] == ["patter.E001"]


def test_utf_8_is_not_refused(db: None) -> None:
    assert encoding.wrong_encoding() is None
    assert encoding.check_encoding(databases=["default"]) == []
