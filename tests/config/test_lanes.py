"""Each kind of request has threads of its own; whoever finds no place gets 503 with a Retry-After."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from config.asgi import application
from config.bridge import Bridge
from config.lanes import Lane, LaneFull, Lanes
from tests.live_server import PATIENCE


def scope(path: str = "/api/customers/", method: str = "GET", **headers: str) -> dict[str, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": raw,
        "client": ("127.0.0.1", 1),
    }


async def ask(application: Any, scope: dict[str, Any]) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.sleep(3600)

    given = (scope, BytesIO(), receive, send) if isinstance(application, Bridge) else (scope, receive, send)
    await application(*given)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(part["body"] for part in sent[1:])


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened at the end in any case, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def blocked(gate: threading.Event) -> Callable[[Any, Any], Any]:
    """A WSGI application that answers when the gate opens."""

    def view(environ: Any, start_response: Any) -> Any:
        assert gate.wait(PATIENCE)
        start_response("200 OK", [])
        return HttpResponse(b"done")

    return view


def test_who_finds_no_place_is_told_when_to_try_again(blocked: Any, gate: threading.Event) -> None:
    lanes = Lanes()
    lanes.others = Lane("small", 1, waiting=1, patience=PATIENCE, retry_after=7)

    async def scenario() -> None:
        bridge = Bridge(blocked, lanes)
        first = [asyncio.create_task(ask(bridge, scope())) for _ in range(2)]
        await asyncio.sleep(0)
        status, headers, body = await ask(bridge, scope("/api/contacts/", origin="http://localhost:3000"))
        assert (status, headers[b"retry-after"]) == (503, b"7")
        assert b"try again" in body
        assert b'"success": false' in body, "in the shape of the path"
        assert headers[b"access-control-allow-origin"] == b"http://localhost:3000"
        gate.set()
        assert [status for status, _, _ in await asyncio.gather(*first)] == [200, 200]
        assert (await ask(bridge, scope()))[0] == 200

    asyncio.run(scenario())


def test_who_waits_too_long_is_told_too(blocked: Any, gate: threading.Event) -> None:
    lanes = Lanes()
    lanes.others = Lane("small", 1, waiting=1, patience=0.05, retry_after=7)

    async def scenario() -> None:
        bridge = Bridge(blocked, lanes)
        begun = asyncio.create_task(ask(bridge, scope()))
        await asyncio.sleep(0)
        assert (await ask(bridge, scope()))[0] == 503
        gate.set()
        assert (await begun)[0] == 200, "what has begun is not given up"

    asyncio.run(scenario())


def test_a_lane_that_is_full_holds_up_no_other(blocked: Any, gate: threading.Event) -> None:
    async def scenario() -> None:
        lanes = Lanes()
        full = [asyncio.create_task(lanes.others.run(gate.wait, PATIENCE)) for _ in range(lanes.others.threads + 5)]
        full += [asyncio.create_task(lanes.sign_ins.run(gate.wait, PATIENCE)) for _ in range(lanes.sign_ins.threads)]
        await asyncio.sleep(0)
        for path in ("/api/webhook/", "/readyz", "/metrics"):
            lane = lanes.of(scope(path))
            assert await lane.run(threading.current_thread) is not None
        gate.set()
        await asyncio.gather(*full)

    asyncio.run(scenario())


def test_answers_that_are_slow_to_make_hold_up_no_other(gate: threading.Event) -> None:
    def rows() -> Iterator[bytes]:
        assert gate.wait(PATIENCE)
        yield b"row"

    def view(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return StreamingHttpResponse(rows()) if environ["PATH_INFO"] == "/export/" else HttpResponse(b"done")

    async def scenario() -> None:
        bridge = Bridge(view, Lanes())
        exports = [asyncio.create_task(ask(bridge, scope("/export/"))) for _ in range(20)]
        await asyncio.sleep(0.1)
        assert (await asyncio.wait_for(ask(bridge, scope()), PATIENCE / 2))[0] == 200
        gate.set()
        assert {body for _, _, body in await asyncio.gather(*exports)} == {b"row"}

    asyncio.run(scenario())


def test_livez_needs_no_thread_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "run", None)

    status, headers, body = asyncio.run(ask(application, scope("/livez")))

    assert (status, headers[b"content-type"], body) == (200, b"application/json", b'{"status": "ok"}')


def test_an_error_is_passed_on() -> None:
    lane = Lane("small", 1, waiting=0, patience=1, retry_after=1)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(lane.run(lambda: 1 // 0))
    assert lane.held == 0


def test_a_request_that_is_cancelled_is_not_mistaken_for_a_full_lane(gate: threading.Event) -> None:
    async def scenario() -> None:
        lane = Lane("small", 1, waiting=5, patience=PATIENCE, retry_after=1)
        busy = asyncio.create_task(lane.run(gate.wait, PATIENCE))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(lane.run(gate.wait, PATIENCE))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.set()
        await busy

    try:
        asyncio.run(scenario())
    except LaneFull:
        pytest.fail("it was cancelled")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/api/webhook/", "webhooks"),
        ("POST", "/api/webhook", "webhooks"),
        ("GET", "/readyz", "probes"),
        ("GET", "/metrics", "probes"),
        ("POST", "/api/auth/login/", "sign-ins"),
        ("POST", "/api/customers/register/", "sign-ins"),
        ("POST", "/api/customers/customers/change_password/", "sign-ins"),
        ("POST", "/api/users/", "sign-ins"),
        ("PUT", "/api/users/1/", "sign-ins"),
        ("PATCH", "/api/users/1/", "sign-ins"),
        ("POST", "/admin/login/", "sign-ins"),
        ("POST", "/admin/password_change/", "sign-ins"),
        ("POST", "/admin/accounts/user/add/", "sign-ins"),
        ("POST", "/admin/accounts/user/1/change/", "sign-ins"),
        ("GET", "/admin/login/", "http"),
        ("GET", "/api/users/", "http"),
        ("DELETE", "/api/users/1/", "http"),
        ("POST", "/api/auth/refresh/", "http"),
        ("POST", "/api/messages/", "http"),
        ("POST", "/admin/customers/customer/1/change/", "http"),
        ("GET", "/nowhere/", "http"),
        ("POST", "/nowhere/", "http"),
    ],
)
def test_which_request_takes_which_lane(method: str, path: str, name: str) -> None:
    assert Lanes().of(scope(path, method)).name == name
