"""Every request has an id: from the client or made, in the answer and in each line that is logged for it."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client
from rest_framework.test import APIClient

from contacts.views import ContactViewSet
from core import request_id
from core.logs import TextLines
from customers.views import profiles
from messaging.views import MessageViewSet
from tags.views import TagViewSet

MADE = re.compile(r"[0-9a-f]{32}")
ALLOWED = "http://localhost:3000"


@pytest.mark.parametrize("given", ["a", "order-7_B.2", "x" * 64])
def test_the_id_of_the_client_is_answered(as_owner: APIClient, given: str) -> None:
    response = as_owner.get("/api/auth/me/", headers={"X-Request-ID": given})

    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a,b", "a\nb", "é", "../x", "a" * 63 + "²"])
def test_another_one_is_replaced(as_owner: APIClient, given: str) -> None:
    answered = as_owner.get("/api/auth/me/", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert MADE.fullmatch(answered)


def test_without_one_each_request_gets_its_own(as_owner: APIClient) -> None:
    first, second = (as_owner.get("/api/auth/me/").headers["X-Request-ID"] for _ in range(2))

    assert MADE.fullmatch(first)
    assert MADE.fullmatch(second)
    assert first != second
    assert request_id.current() == ""


@pytest.mark.parametrize("path", ["/api/no/such/path/", "/admin/", "/api/messages/", "/api/webhook/", "/readyz"])
def test_refusals_and_other_pages_have_one(client: Client, db: None, path: str) -> None:
    assert client.get(path, headers={"X-Request-ID": "mine"}).headers["X-Request-ID"] == "mine"


@pytest.mark.parametrize("charset", ["utf-8", "hex"])  # refused by a view, and before Django
def test_a_server_answers_it(server: Any, transactional_db: None, charset: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}", "X-Request-ID": "mine", "Origin": ALLOWED}
    answers = [httpx.get(f"{server.url}/api/messages/", headers=headers) for _ in range(2)]
    without = httpx.get(f"{server.url}/api/messages/")

    assert {answer.headers["X-Request-ID"] for answer in answers} == {"mine"}
    assert MADE.fullmatch(without.headers["X-Request-ID"])
    for answer in answers:
        exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert exposed >= {"X-Request-ID", "Retry-After", "Content-Disposition", "ETag", "Location"}


def test_the_probe_that_needs_no_thread_answers_it(server: Any, transactional_db: None) -> None:
    assert httpx.get(f"{server.url}/livez", headers={"X-Request-ID": "probe-1"}).headers["X-Request-ID"] == "probe-1"


def test_pages_of_other_origins_may_send_it(client: Client) -> None:
    asked = {"Origin": ALLOWED, "Access-Control-Request-Method": "POST"}
    response = client.options("/api/messages/", headers=asked)

    assert response.headers["Access-Control-Allow-Origin"] == ALLOWED
    allowed = set(response.headers["Access-Control-Allow-Headers"].split(", "))
    assert {"x-request-id", "idempotency-key", "if-match", "authorization", "content-type"} <= allowed


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a secret of ours")

    for view in (MessageViewSet, ContactViewSet, TagViewSet):
        monkeypatch.setattr(view, "list", fail)


@pytest.mark.parametrize(
    ("path", "text"), [("messages/", "detail"), ("contacts/", "message"), ("v1/msg/tags/", "error")]
)
def test_a_500_says_it(broken: None, as_owner: APIClient, path: str, text: str) -> None:
    as_owner.raise_request_exception = False
    response = as_owner.get(f"/api/{path}", headers={"X-Request-ID": "mine"})

    assert response.status_code == 500
    assert response.json()["request_id"] == response.headers["X-Request-ID"] == "mine"
    assert response.json()[text] == "Something went wrong on our side. It has been logged."
    assert b"secret" not in response.content


class Lines(logging.Handler):
    """Keeps lines as they are written, formatted by the thread that logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(TextLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record).split(" ", 2)[2])  # without the time


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler = Lines()
    loggers = [logging.getLogger(name) for name in ("", "uvicorn.error")]  # what uvicorn logs does not reach the root
    for logger in loggers:
        logger.addHandler(handler)
    yield handler.lines
    for logger in loggers:
        logger.removeHandler(handler)


def test_each_line_that_is_logged_for_it_says_it(
    broken: None, server: Any, lines: list[str], owner: Any, token_of: Any, transactional_db: None
) -> None:
    headers = {"Authorization": f"Bearer {token_of(owner)}", "X-Request-ID": "mine"}
    assert httpx.get(f"{server.url}/api/messages/", headers=headers).status_code == 500
    logging.getLogger("patter").warning("of nobody")

    (failure,) = [line for line in lines if "Internal Server Error" in line]
    assert failure.startswith("ERROR django.request: Internal Server Error: api/messages/ [mine]\nTraceback")
    assert "WARNING patter: of nobody" in lines


def test_what_is_streamed_is_logged_with_it(
    server: Any, lines: list[str], admin: Any, token_of: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> Any:
        yield b"first"
        raise RuntimeError("half-way")

    monkeypatch.setattr(profiles, "csv_rows", fail)
    headers = {"Authorization": f"Bearer {token_of(admin)}", "X-Request-ID": "mine"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{server.url}/api/customers/customers/export/", headers=headers)

    assert [line for line in lines if "[mine]\n" in line and "half-way" in line]
