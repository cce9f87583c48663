"""The cast: an admin, a salesperson who owns a customer, a salesperson who owns nobody, and the customer."""

import gc
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.models import User
from core import throttles
from core.db import queues
from core.db.patience import COMMANDS, process_waits, requests, use_in_process
from customers.models import Customer
from messaging.desk.rows import WholeDesk
from tags.actions.tags import ensure_system_tags
from tests.cast import ClientOf
from tests.declared_answers import Watch
from tests.live_server import LiveServer, Socket
from tests.quick_database import flush_filled, forget_power_failures
from tests.standing import StandingCast
from whatsapp import business_numbers
from whatsapp.sandbox import transport as sandbox
from whatsapp.webhook import queue
from whatsapp.webhook.locked import locked_people

# Modules and thousands of tests live until the end, and each full garbage collection would visit all of them.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Generator[None, Any, Any]:
    """Let the test database be created and dropped without limits: on a busy machine that takes long."""
    if fixturedef.argname != "django_db_setup":
        return (yield)
    before = process_waits()
    use_in_process(COMMANDS)
    result = yield
    use_in_process(before)
    fixturedef.addfinalizer(lambda: use_in_process(COMMANDS))
    return result


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-examples", action="store_true", help="write config/examples.json again")


answers = Watch()
answers.start()
standing = StandingCast()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    """Fail a test that was given an answer which is not as /swagger.json declares it."""
    result = yield
    found = answers.take()
    assert not found, "\n".join(["Not as /swagger.json declares it:", *dict.fromkeys(found)])
    return result


@pytest.fixture(autouse=True, scope="session")
def _quick_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hash passwords fast, keep test clients from scanning the static files, store files elsewhere, wait for locks."""
    forget_power_failures()
    # Seconds: eight threads that want one row take longer on a busy machine than usual.
    settings.LOCK_TIMEOUT, queues.SHORT_SECONDS = 30, 10
    # What a webhook brings is handled at once. Otherwise a slow moment leaves the rest of it to the relay.
    queue.REQUEST_SECONDS = 60
    use_in_process(requests())  # config/asgi.py has read the setting before
    settings.MEDIA_ROOT = str(tmp_path_factory.mktemp("media"))
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True, scope="session")
def _quick_flush() -> None:
    """After a test with real commits, restore only what tests need of the migrated database.

    Content types are made again when needed, and no test looks at Django's permissions: admins are superusers.
    """

    def as_migrated(*_: Any) -> None:
        ContentType.objects.clear_cache()
        ensure_system_tags()

    flush.emit_post_migrate_signal = as_migrated
    flush.sql_flush = flush_filled


@pytest.fixture(autouse=True)
def _clean_slate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset rate limits and what is remembered of rows, whose ids come again.

    The sandbox takes messages and reports nothing of them. What left in a test before is forgotten, as the database has
    forgotten it.
    """
    throttles.reset()
    business_numbers.forget()
    locked_people.forget()
    WholeDesk._had_more.clear()
    WholeDesk._estimates.clear()
    for departures in Path(settings.MEDIA_ROOT).glob(".departures-*"):
        departures.unlink()
    monkeypatch.setattr(sandbox, "PACE", {})


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    standing.prepare(item)


@pytest.fixture(scope="session")
def _standing(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    standing.database_is_there(django_db_blocker)
    yield
    standing.end()


@pytest.fixture
def cast(_standing: None, db: None) -> StandingCast:
    return standing


@pytest.fixture
def admin(cast: StandingCast) -> User:
    user: User = cast.give("admin")
    return user


@pytest.fixture
def owner(cast: StandingCast) -> User:
    """The salesperson who owns `customer`."""
    user: User = cast.give("owner")
    return user


@pytest.fixture
def stranger(cast: StandingCast) -> User:
    """A salesperson who owns nobody."""
    user: User = cast.give("stranger")
    return user


@pytest.fixture
def customer(cast: StandingCast, owner: User) -> Customer:
    """A customer of `owner`, without a login."""
    customer: Customer = cast.give("customer")
    return customer


@pytest.fixture
def customer_login(cast: StandingCast, customer: Customer) -> User:
    """The login of `customer`, who is registered from then on."""
    user: User = cast.give("customer_login")
    return user


@pytest.fixture
def things(cast: StandingCast, owner: User, stranger: User, customer: Customer, admin: User) -> dict[str, int]:
    """One of everything that has an id, all of it the owner's: ids by the names in tests/permission_matrix.py."""
    ids: dict[str, int] = cast.give("things")
    return ids


def _client_with(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


@pytest.fixture
def client_of(db: None) -> ClientOf:
    """Return a REST client signed in as the given user."""
    return lambda user: _client_with(sign_in(user=user).access)


@pytest.fixture
def anonymous(db: None) -> APIClient:
    return APIClient()


@pytest.fixture
def as_admin(cast: StandingCast, admin: User) -> APIClient:
    return _client_with(cast.give("as_admin"))


@pytest.fixture
def as_owner(cast: StandingCast, owner: User) -> APIClient:
    return _client_with(cast.give("as_owner"))


@pytest.fixture
def as_stranger(cast: StandingCast, stranger: User) -> APIClient:
    return _client_with(cast.give("as_stranger"))


@pytest.fixture
def manager(cast: StandingCast, owner: User) -> User:
    """A salesperson who owns nobody, and manages the team of `owner`."""
    user: User = cast.give("manager")
    return user


@pytest.fixture
def as_manager(cast: StandingCast, manager: User) -> APIClient:
    return _client_with(cast.give("as_manager"))


@pytest.fixture
def as_customer(cast: StandingCast, customer_login: User) -> APIClient:
    return _client_with(cast.give("as_customer"))


@pytest.fixture(scope="session")
def server() -> Iterator[LiveServer]:
    live_server = LiveServer()
    live_server.start()
    yield live_server
    live_server.stop()


@pytest.fixture
def token_of(db: None) -> Callable[[User], str]:
    return lambda user: sign_in(user=user).access


@pytest.fixture
def open_socket(transactional_db: None, server: LiveServer) -> Iterator[Callable[..., Socket]]:
    """Open sockets that are closed when the test ends."""
    sockets: list[Socket] = []

    def opened(path: str, token: str | None = None, **options: Any) -> Socket:
        sockets.append(Socket(server, path, token, **options))
        return sockets[-1]

    server.settle()
    yield opened
    for socket in sockets:
        socket.close()
    server.settle()
