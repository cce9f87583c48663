"""The cast of a test stays for the next one that wants the same: making it takes longer than most tests.

Each of the cast is made in a savepoint of one transaction that stays open from test to test. What a test does is rolled
back to there, as ever, and a test that wants less, nothing, or real commits finds nothing of it.
"""

import copy
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from accounts.actions.sessions import sign_in
from accounts.actions.teams import create_team
from accounts.models import User
from customers.models import Customer
from tests.cast import PASSWORD
from tests.one_of_everything import one_of_everything

Made = dict[str, Any]
# Seconds. So old may the cast be: tests take it for new.
MOST_AGE = 30


def _login(username: str, email: str, first_name: str, role: str) -> Callable[[Made], User]:
    return lambda made: User.objects.create_user(username, email, PASSWORD, first_name=first_name, role=role)


def _customer(made: Made) -> Customer:
    return Customer.objects.create(
        first_name="John",
        last_name="Doe",
        username="johndoe",
        email="john@example.com",
        phone="+94771234567",
        source="whatsapp",
        owner=made["owner"],
    )


def _manager(made: Made) -> User:
    user = _login("mona", "mona@desk.example", "Mona", "sales")(made)
    create_team(actor=None, name="North", members=[made["owner"]], managers=[user])
    user.refresh_from_db()
    return user


def _customer_login(made: Made) -> User:
    user = _login("johndoe", "john@example.com", "John", "customer")(made)
    Customer.objects.filter(pk=made["customer"].pk).update(user=user)
    made["customer"].refresh_from_db()
    return user


def _things(made: Made) -> dict[str, int]:
    return one_of_everything(**{name: made[name] for name in ("owner", "stranger", "customer", "admin")})


def _access(name: str) -> Callable[[Made], str]:
    return lambda made: sign_in(user=made[name]).access


# Who is made, in this order, by the name of the fixture. `as_` are access tokens.
MAKERS: dict[str, Callable[[Made], Any]] = {
    "owner": _login("sam", "sam@desk.example", "Sam", "sales"),
    "customer": _customer,
    "as_owner": _access("owner"),
    "admin": _login("ada", "ada@desk.example", "Ada", "admin"),
    "as_admin": _access("admin"),
    "stranger": _login("stella", "stella@desk.example", "Stella", "sales"),
    "as_stranger": _access("stranger"),
    "customer_login": _customer_login,
    "as_customer": _access("customer_login"),
    "manager": _manager,
    "as_manager": _access("manager"),
    "things": _things,
}


class StandingCast:
    """Who stands, and what the test that runs was given of them."""

    def __init__(self) -> None:
        self._blocker: Any = None
        # Name, savepoint, and who stood before.
        self._stack: list[tuple[str, Any, Made]] = []
        self._made: Made = {}
        self._given: Made | None = None
        self._since = 0.0

    def database_is_there(self, blocker: Any) -> None:
        """From now on the cast may stand. `blocker` is pytest-django's."""
        self._blocker = blocker

    def prepare(self, item: pytest.Item) -> None:
        """Before a test: let those stand that it wants, and nobody else."""
        self._given = None
        if self._blocker is None:
            return
        wanted = _wanted_by(item)
        if time.monotonic() - self._since > MOST_AGE:
            self._keep(0)
        kept = 0
        for (name, *_), want in zip(self._stack[1:], wanted, strict=False):
            if name != want:
                break
            kept += 1
        self._keep(kept + 1 if wanted else 0)
        if wanted:
            self._add(wanted[kept:])
            self._forget_statements()

    def end(self) -> None:
        """Forget everybody, and let nobody stand any more."""
        self._keep(0)
        self._blocker = self._given = None

    def give(self, name: str) -> Any:
        """One of the cast, for the test that runs alone; who does not stand is made in the test's transaction."""
        if self._given is None:
            self._given = copy.deepcopy(self._made)
        if name not in self._given:
            self._given[name] = MAKERS[name](self._given)
        return self._given[name]

    def _add(self, names: list[str]) -> None:
        with self._unblocked():
            if not self._stack:
                self._since = time.monotonic()
                self._enter("")
            for name in names:
                self._enter(name)
                self._made[name] = MAKERS[name](self._made)

    def _forget_statements(self) -> None:
        """As psycopg does when a whole transaction is rolled back: what runs often is prepared anew in each test."""
        if connection.vendor == "postgresql":
            with self._unblocked():
                psycopg.Cursor(connection.connection).execute("DEALLOCATE ALL", prepare=True)

    def _enter(self, name: str) -> None:
        block = transaction.atomic()
        block._from_testcase = True  # type: ignore[attr-defined]  # durable transactions may begin in it
        block.__enter__()
        self._stack.append((name, block, copy.deepcopy(self._made)))

    def _keep(self, count: int) -> None:
        with self._unblocked():
            while len(self._stack) > count:
                _, block, self._made = self._stack.pop()
                transaction.set_rollback(True)
                block.__exit__(None, None, None)

    def _unblocked(self) -> AbstractContextManager[None]:
        unblocked: AbstractContextManager[None] = self._blocker.unblock()
        return unblocked


def _wanted_by(item: pytest.Item) -> list[str]:
    """Who of the cast a test names, in the order they are made; nobody for one with real commits."""
    named = set(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db")
    real = {"transactional_db", "live_server", "django_db_reset_sequences"} & named
    if real or (marked is not None and (marked.args or marked.kwargs)):
        return []
    return [name for name in MAKERS if name in named]
