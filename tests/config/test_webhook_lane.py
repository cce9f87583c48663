"""Meta's POSTs do not pass Django, and nobody can tell: the answers are Django's own."""

import asyncio
import errno
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection

from config import webhook
from config.asgi_types import Message
from config.bridge import Bridge
from config.lanes import Lane, Lanes
from config.webhook import Webhook
from core import request_id
from messaging.models import Message as ChatMessage
from tests.live_server import PATIENCE, LiveServer
from tests.webhooks import says, text
from whatsapp import views
from whatsapp.sandbox.webhook_bodies import as_body
from whatsapp.webhook.signature import sign

PLAIN = {"host": "127.0.0.1:8000", "x-hub-signature-256": "sha256=ab", "content-length": "4"}
LOCKED = OperationalError("database is locked")
FULL = OSError(errno.ENOSPC, "No space left on device")


class Deliver:
    """Stands for `deliver` on both ways: remembers what each got, and ends as it is told."""

    def __init__(self) -> None:
        self.outcome: int | Exception = 200
        self.directly: list[tuple[bytes, str | None]] = []
        self.by_django: list[tuple[bytes, str | None]] = []

    def into(self, calls: list[tuple[bytes, str | None]]) -> Callable[[bytes, str | None], int]:
        def deliver(body: bytes, signature: str | None) -> int:
            calls.append((body, signature))
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome

        return deliver


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> Deliver:
    double = Deliver()
    monkeypatch.setattr(webhook, "deliver", double.into(double.directly))
    monkeypatch.setattr(views, "deliver", double.into(double.by_django))
    return double


@pytest.fixture
def https_only(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 3600


def request(headers: dict[str, str] | list[tuple[str, str]] = PLAIN, **scope: Any) -> dict[str, Any]:
    """A POST of Meta's to the webhook, but for what is said otherwise."""
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    return {
        "type": "http",
        "method": "POST",
        "path": "/api/webhook/",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in pairs],
        **scope,
    }


Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def both(headers: dict[str, str] | list[tuple[str, str]] = PLAIN, **scope: Any) -> tuple[Answer, Answer]:
    """What is answered directly, and by Django alone: status, headers, body. The first after the cache is filled."""
    django = Bridge(WSGIHandler(), Lanes())
    direct = Webhook(django)
    asked = request(headers, **scope)
    ask(direct, asked)
    return ask(direct, asked), ask(django, asked)


def ask(application: Any, scope: dict[str, Any]) -> Answer:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.sleep(PATIENCE)
        return {"type": "http.disconnect"}

    begun = request_id.begin("the-same")
    asyncio.run(application(scope, BytesIO(b"body"), receive, send))
    request_id.end(begun)
    return sent[0]["status"], sorted(sent[0]["headers"]), b"".join(part["body"] for part in sent[1:])


@pytest.mark.parametrize("outcome", [200, 401, 503, ValueError("a bug"), LOCKED, FULL])
def test_the_answer_is_djangos(delivered: Deliver, outcome: Any, caplog: pytest.LogCaptureFixture) -> None:
    delivered.outcome = outcome

    direct, django = both()

    assert direct == django
    assert direct[0] == {ValueError: 500, OperationalError: 503, OSError: 503}.get(type(outcome), outcome)
    assert (b"x-frame-options", b"DENY") in direct[1]
    assert delivered.directly == [(b"body", "sha256=ab")] * 2
    assert len(delivered.by_django) == 1
    logged = [one.getMessage() for one in caplog.records if one.name == "django.request"]
    assert len(logged) == (3 if direct[0] >= 500 else 0), "each failure is logged, on both ways"
    assert all("/api/webhook/" in message for message in logged)


@pytest.mark.usefixtures("https_only")
def test_over_https_it_has_the_headers_of_https(delivered: Deliver) -> None:
    direct, django = both(scheme="https")

    assert direct == django
    assert dict(direct[1])[b"strict-transport-security"].startswith(b"max-age=3600")
    assert len(delivered.directly) == 2


@pytest.mark.usefixtures("https_only")
def test_without_https_it_is_redirected(delivered: Deliver) -> None:
    direct, django = both()

    assert direct == django
    assert direct[0] == 301
    assert delivered.directly == delivered.by_django == []


@pytest.mark.parametrize(
    ("headers", "scope", "status"),
    [
        (PLAIN, {"method": "GET"}, 403),
        (PLAIN, {"method": "PUT"}, 405),
        (PLAIN, {"method": "OPTIONS"}, 200),
        (PLAIN, {"path": "/api/webhook"}, 200),
        (PLAIN, {"path": "/api/webhook/x/"}, 404),
        (PLAIN, {"query_string": b"a=%00"}, 400),
        (PLAIN, {"query_string": b"a=1"}, 200),
        ({**PLAIN, "host": "elsewhere.example"}, {}, 400),
        ({**PLAIN, "host": "127.0.0.1:80:80"}, {}, 400),
        ({**PLAIN, "origin": "http://localhost:3000"}, {}, 200),
        ({name: PLAIN[name] for name in ("host", "content-length")}, {}, 200),
        ([*PLAIN.items(), ("x-hub-signature-256", "sha256=cd")], {}, 200),
    ],
)
def test_whatever_else_it_is_goes_through_django(
    delivered: Deliver, headers: Any, scope: dict[str, Any], status: int
) -> None:
    direct, django = both(headers, **scope)

    assert direct == django
    assert direct[0] == status
    assert delivered.directly == []
    assert len(delivered.by_django) == (3 if status == 200 and scope.get("method") is None else 0)


@pytest.mark.django_db(transaction=True)
class TestOverHttp:
    def test_messages_are_stored_and_answered_with_the_id_of_each_request(self, server: LiveServer) -> None:
        for number in range(3):
            body = as_body(says(text(f"wamid.{number}")))
            headers = {"X-Hub-Signature-256": sign(body), "X-Request-ID": f"meta-{number}"}
            answer = httpx.post(f"{server.url}/api/webhook/", content=body, headers=headers)
            assert (answer.status_code, answer.content) == (200, b"{}")
            assert answer.headers.get_list("X-Request-ID") == [f"meta-{number}"]

        assert ChatMessage.objects.count() == 3

    def test_a_wrong_signature_stores_nothing(self, server: LiveServer, settings: Any) -> None:
        body = as_body(says(text("wamid.1")))
        signature = sign(body)
        settings.WHATSAPP_APP_SECRETS = ["another"]

        answer = httpx.post(f"{server.url}/api/webhook/", content=body, headers={"X-Hub-Signature-256": signature})

        refusal = {"detail": "The signature is missing or wrong.", "code": "bad_signature"}
        assert (answer.status_code, answer.json()) == (401, refusal)
        assert not ChatMessage.objects.exists()

    def test_connections_live_as_long_as_in_django(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Any] = []

        def deliver(body: bytes, signature: str | None) -> int:
            connection.ensure_connection()
            seen.append(connection.connection)
            connection.close_at = 0 if len(seen) == 2 else None
            return 200

        monkeypatch.setattr(webhook, "deliver", deliver)
        lanes = Lanes()
        lanes.webhooks = Lane("one thread", 1, waiting=1, patience=PATIENCE, retry_after=1)
        direct = Webhook(Bridge(WSGIHandler(), lanes))
        for _ in range(3):
            ask(direct, request())
        lanes.webhooks.executor.submit(lambda: connection.close()).result(PATIENCE)

        assert seen[0] is seen[1]
        assert seen[2] is not seen[1], "it was older than CONN_MAX_AGE"
