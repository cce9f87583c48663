"""Hashing a password takes a turn, and never happens while a lock is held."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, PBKDF2PasswordHasher, make_password
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts import hashers
from accounts.models import User
from core import throttles
from tests.cast import PASSWORD

LOGIN = "/api/auth/login/"
NEW = "mango-river-88"
Ask = Callable[[], Any]


@pytest.fixture
def real_hasher(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ["accounts.hashers.OneForEachCore"]
    monkeypatch.setattr(hashers.OneForEachCore, "iterations", 1)


@pytest.fixture
def no_turn(real_hasher: None, admin: User, owner: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everybody else is hashing."""
    for user in (admin, owner):
        user.set_password(PASSWORD)
        user.save()
    gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gate.wait, 60)
        monkeypatch.setattr(hashers, "_pool", pool)
        monkeypatch.setattr(hashers, "PATIENCE", 0.01)
        yield
        gate.set()


def _hash_at_once(number: int, monkeypatch: pytest.MonkeyPatch, note: Callable[[], Any]) -> list[Any]:
    """Hash so many passwords at once, and return what `note` says in each hash."""
    noted: list[Any] = []

    def encode(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
        noted.append(note())
        return f"pbkdf2_sha256$1${salt}$x"

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    threads = [threading.Thread(target=make_password, args=("secret",)) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return noted


def test_one_hash_for_each_core_at_a_time(real_hasher: None, monkeypatch: pytest.MonkeyPatch) -> None:
    running: set[int] = set()

    def note() -> int:
        running.add(threading.get_ident())
        time.sleep(0.01)
        at_once = len(running)
        running.discard(threading.get_ident())
        return at_once

    at_once = _hash_at_once(hashers.CORES * 5, monkeypatch, note)
    assert len(at_once) == hashers.CORES * 5
    assert max(at_once) <= hashers.CORES


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_hashing_lets_everything_else_go_first(real_hasher: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def nice() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    mine = nice()
    assert min(_hash_at_once(hashers.CORES, monkeypatch, nice)) > mine
    assert nice() == mine


def test_a_hash_that_has_begun_is_not_given_up(real_hasher: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "PATIENCE", 0.01)

    assert _hash_at_once(1, monkeypatch, lambda: time.sleep(0.1)) == [None]
    assert make_password("secret").startswith("pbkdf2_sha256$1$")


def test_old_hashes_stay_valid(real_hasher: None) -> None:
    old = PBKDF2PasswordHasher().encode(PASSWORD, "somesalt1234567890abcd", 1)

    assert User(password=old).check_password(PASSWORD)
    assert not User(password=old).check_password("wrong")


def test_who_gets_no_turn_gets_503_and_no_failed_attempt(
    no_turn: None, anonymous: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.THROTTLE_LOGIN = "2/min"
    throttles.reset()
    for login in ("sam", "nobody"):
        for _ in range(4):
            answer = anonymous.post(LOGIN, {"username": login, "password": PASSWORD})
            assert (answer.status_code, answer["Retry-After"]) == (503, "5")
            assert "try again" in answer.json()["detail"]


def test_changing_a_password_without_a_turn(no_turn: None, client_of: Any, owner: User, settings: Any) -> None:
    settings.THROTTLE_LOGIN = "2/min"
    throttles.reset()
    body = {"old_password": PASSWORD, "new_password": NEW, "new_password2": NEW}
    client = client_of(owner)
    for _ in range(4):
        answer = client.post("/api/customers/customers/change_password/", body)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_the_admin_without_a_turn(no_turn: None, admin: User) -> None:
    answer = Client().post("/admin/login/", {"username": "ada", "password": PASSWORD})

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


# --- Where it is hashed ---


def _everything_that_hashes(client: APIClient, web: Client, user: User) -> dict[str, Ask]:
    person = {"email": "n@desk.example", "role": "sales", "is_active": "true"}
    changed = {"username": user.username, "email": user.email, "role": user.role, "is_active": "true"}
    change = {"old_password": PASSWORD, "new_password": NEW, "new_password2": NEW}
    own = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return {
        "create": lambda: client.post("/api/users/", {**person, "username": "n1", "password": NEW}),
        "update": lambda: client.patch(f"/api/users/{user.pk}/", {"password": f"{NEW}9"}),
        "update a version": lambda: client.patch(
            f"/api/users/{user.pk}/", {"password": f"{NEW}8"}, headers={"If-Match": "*"}
        ),
        "replace": lambda: client.put(f"/api/users/{user.pk}/", {"password": f"{NEW}7"}),
        "admin add": lambda: web.post(
            "/admin/accounts/user/add/", {**person, "email": "n2@desk.example", "username": "n2", "new_password": NEW}
        ),
        "admin change": lambda: web.post(f"/admin/accounts/user/{user.pk}/change/", {**changed, "new_password": NEW}),
        "login": lambda: client.post(LOGIN, {"username": "sam", "password": NEW}),
        "admin login": lambda: Client().post("/admin/login/", {"username": "sam", "password": "wrong"}),
        "register": lambda: client.post(
            "/api/customers/register/",
            {
                "username": "newcomer",
                "email": "new@example.com",
                "password": NEW,
                "password2": NEW,
                "first_name": "New",
                "last_name": "Comer",
            },
        ),
        "change password": lambda: client.post("/api/customers/customers/change_password/", change),
        "admin's own password": lambda: web.post("/admin/password_change/", own),
    }


@pytest.mark.django_db(transaction=True)
def test_no_lock_is_held_while_a_password_is_hashed(
    as_admin: APIClient, admin: User, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = User.objects.create_user("eve", "eve@desk.example", PASSWORD, role="admin")
    in_transaction: list[bool] = []

    def encode(self: Any, password: str, salt: str) -> str:
        in_transaction.append(connection.in_atomic_block)
        return f"md5${salt}${password}"

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    User.objects.update(password=f"md5$salt${PASSWORD}")
    eve.refresh_from_db()
    web = Client()
    web.force_login(eve)
    for name, ask in _everything_that_hashes(as_admin, web, owner).items():
        before = len(in_transaction)
        answer = ask()
        assert answer.status_code in (200, 201, 302), (name, answer.content)
        assert len(in_transaction) > before, f"{name}: nothing was hashed, so this test proves nothing"
        assert not any(in_transaction), name


def test_every_view_that_names_an_action_has_it() -> None:
    """A name in `hashes_passwords` or `takes_files` that no action has would be of no effect."""

    def views(patterns: Any) -> Any:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from views(pattern.url_patterns)
            elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "cls"):
                yield pattern.callback.cls

    named = {
        (view, name)
        for view in views(get_resolver().url_patterns)
        for name in (*getattr(view, "hashes_passwords", ()), *getattr(view, "takes_files", ()))
    }
    assert len(named) > 4
    assert [(view.__name__, name) for view, name in named if not hasattr(view, name)] == []
