"""Bodies are read completely, up to a limit, before the application gets the request."""

import asyncio
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest

from config import bodies
from config.bodies import SpoolBody
from config.lanes import Lanes
from tests.live_server import PATIENCE

# The webhook is the one path that takes large bodies from anybody.
WEBHOOK, WEBHOOK_LIMIT = "/api/webhook/", 3 * 1024 * 1024


class Echo:
    """An application that remembers the body it got. `called` says whether it was reached."""

    def __init__(self) -> None:
        self.called = False
        self.body = b""
        self.in_memory = True

    async def __call__(self, scope: Any, body: Any, receive: Any, send: Any) -> None:
        self.called = True
        self.body = body.read()
        self.in_memory = isinstance(body, BytesIO) or not body._rolled
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def post(
    app: Echo, chunks: Iterable[bytes], *, silent: bool = False, path: str = WEBHOOK, **headers: str
) -> tuple[int | None, bytes]:
    """Send a request in chunks and return status and body. A `silent` client stops sending before the end."""
    parts = list(chunks)
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if not silent:
        messages[-1]["more_body"] = False
        messages.append({"type": "http.disconnect"})
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.sleep(3600)
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw}
    asyncio.run(asyncio.wait_for(SpoolBody(app, Lanes().uploads)(scope, receive, send), PATIENCE))
    status = sent[0]["status"] if sent else None
    return status, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize(
    "chunks",
    [
        [b""],
        [b"one"],
        [b"one", b"two", b""],
        [bytes([number % 251]) * 100_000 for number in range(25)],  # more than is kept in memory
        [b"x" * WEBHOOK_LIMIT],
    ],
    ids=["empty", "one chunk", "several", "on disk", "at the limit"],
)
def test_a_body_arrives_as_it_was_sent(chunks: list[bytes]) -> None:
    app = Echo()

    status, _ = post(app, chunks, content_type="application/json")

    assert status == 200
    assert app.body == b"".join(chunks)


@pytest.mark.parametrize(("size", "in_memory"), [(500_000, True), (2_000_000, False)])
def test_large_bodies_go_to_disk(size: int, in_memory: bool) -> None:
    app = Echo()

    post(app, [b"x" * size, b"y"])

    assert app.in_memory is in_memory


def test_a_length_above_the_limit_is_refused_unread() -> None:
    app = Echo()

    status, body = post(app, [b"x"], content_length=str(WEBHOOK_LIMIT + 1), content_type="application/json")

    assert status == 413
    assert str(WEBHOOK_LIMIT).encode() in body
    assert not app.called


def test_a_body_above_the_limit_is_refused_while_reading() -> None:
    app = Echo()

    status, _ = post(app, [b"x" * 1_000_000] * 4, content_length="10")

    assert status == 413
    assert not app.called


def test_a_webhook_gets_no_higher_limit_as_an_upload() -> None:
    status, body = post(
        Echo(), [b"x" * (WEBHOOK_LIMIT + 1)], path="/api/webhook/", content_type="multipart/form-data; boundary=b"
    )

    assert (status, str(WEBHOOK_LIMIT).encode() in body) == (413, True)


def test_a_client_that_stops_sending_gets_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SILENCE_SECONDS", 0.05)
    app = Echo()

    status, body = post(app, [b"half"], silent=True)

    assert status == 408
    assert b"in time" in body
    assert not app.called


def test_the_request_of_a_client_that_leaves_is_dropped() -> None:
    app = Echo()
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(SpoolBody(app, Lanes().uploads)(scope, receive, send))

    assert not app.called
    assert sent == []


@pytest.mark.parametrize("length", ["-1", "ten", "1e9", "", "9" * 5000])
def test_a_nonsense_length_is_refused(length: str) -> None:
    app = Echo()

    status, _ = post(app, [b"x"], content_length=length)

    assert status in (400, 413)
    assert not app.called
