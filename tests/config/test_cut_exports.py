"""A database that fails in the middle of an export cuts the connection: no part of a file looks like the whole."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.db.models.sql import compiler
from django.test import Client

from accounts.models import User
from contacts import customers_with_contacts
from customers import reports
from customers.models import Customer
from tests.live_server import PATIENCE, LiveServer

AT_ONCE = 2
NAMES = [f"Nimal {number}" for number in range(7)]
EXPORTS = ("/api/customers/customers/export/", "/api/customers-with-contacts/", "/admin/customers/customer/")


@pytest.fixture
def customers(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> list[Customer]:
    """More of them than are fetched at once."""
    monkeypatch.setattr(reports, "_CHUNK", AT_ONCE)
    monkeypatch.setattr(customers_with_contacts, "CUSTOMERS_PER_CHUNK", AT_ONCE)
    return Customer.objects.bulk_create(Customer(first_name=name) for name in NAMES)


@pytest.fixture
def ask(
    customers: list[Customer], server: LiveServer, admin: User, token_of: Callable[[User], str], client: Client
) -> Callable[..., httpx.Request]:
    """The request of an admin for one of the exports; in Django admin, a form."""

    def request(path: str) -> httpx.Request:
        if not path.startswith("/admin/"):
            return httpx.Request("GET", server.url + path, headers={"Authorization": f"Bearer {token_of(admin)}"})
        client.force_login(admin)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        form = {
            "action": "export_csv",
            "_selected_action": [one.pk for one in customers],
            "csrfmiddlewaretoken": "a" * 32,
        }
        cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={'a' * 32}"
        return httpx.Request("POST", server.url + path, data=form, headers={"Cookie": cookies})

    return request


@pytest.fixture
def breaks_in_the_middle(customers: list[Customer]) -> Iterator[None]:
    """The cursor of an export fails after its first rows, and of its other statements the second about contacts."""
    rows_of, execute, asked = compiler.cursor_iter, CursorWrapper.execute, []

    def some(cursor: Any, sentinel: Any, columns: Any, size: int) -> Iterator[Any]:
        rows = rows_of(cursor, sentinel, columns, size)
        if size != AT_ONCE:
            yield from rows
            return
        yield next(rows)
        raise OperationalError("the database is gone")

    def refuse(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        if 'FROM "contacts_contact"' in str(sql):
            asked.append(sql)
            if len(asked) > 1:
                raise OperationalError("the database is gone")
        return execute(self, sql, params)

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(compiler, "cursor_iter", some)
        broken.setattr(CursorWrapper, "execute", refuse)
        yield


def read(request: httpx.Request) -> str:
    with httpx.Client(timeout=PATIENCE) as http:
        answer = http.send(request)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


def over_http_1_0(request: httpx.Request) -> tuple[bytes, bytes]:
    """Head and body of the answer to a proxy that speaks HTTP/1.0."""
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.0"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    with socket.create_connection((request.url.host, request.url.port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + request.read())
        said = b""
        while part := connection.recv(65536):
            said += part
    head, _, body = said.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize("path", EXPORTS)
def test_an_export_is_whole(ask: Callable[[str], httpx.Request], path: str) -> None:
    text = read(ask(path))
    assert [name for name in NAMES if name in text] == NAMES

    head, body = over_http_1_0(ask(path))
    assert b" 200 " in head.split(b"\r\n")[0]
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert body.decode() == text


@pytest.mark.parametrize("path", EXPORTS)
def test_one_that_breaks_in_the_middle_does_not_look_whole(
    ask: Callable[[str], httpx.Request], breaks_in_the_middle: None, path: str
) -> None:
    got: list[bytes] = []
    with httpx.Client(timeout=PATIENCE) as http:
        answer = http.send(ask(path), stream=True)
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(answer.iter_bytes())
    assert got, "it broke before it began"
    part = b"".join(got).decode()
    assert len([name for name in NAMES if name in part]) < len(NAMES)


@pytest.mark.parametrize("path", EXPORTS)
def test_neither_does_it_through_a_proxy_of_http_1_0(
    ask: Callable[[str], httpx.Request], breaks_in_the_middle: None, path: str
) -> None:
    head, body = over_http_1_0(ask(path))
    assert b" 500 " in head.split(b"\r\n")[0], head
    assert b"Nimal" not in body
