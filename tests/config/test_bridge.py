"""Responses of views in threads arrive complete or in pieces, and as fast as the client accepts them."""

import asyncio
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from config.bridge import Bridge

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/caf\u00e9/",
    "query_string": b"a=1",
    "http_version": "1.1",
    "headers": [(b"content-length", b"4"), (b"x-one", b"1")],
}


class View:
    """A WSGI application that returns the given response, as Django's handler does."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.closed = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.environ, self.thread = environ, threading.current_thread().name
        self.body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        close = self.response.close
        self.response.close = lambda: (close(), setattr(self, "closed", self.closed + 1))
        start_response("201 Created", [("Content-Type", "text/plain"), ("X-Two", "2")])
        return self.response


async def silence() -> dict[str, Any]:
    """A client that stays connected and sends no more."""
    await asyncio.sleep(3600)
    return {"type": "http.disconnect"}


def ask(view: Any, taken: Any = None) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        if taken is not None:
            await taken(sent)
        sent.append(dict(message))

    asyncio.run(Bridge(view, 2)(SCOPE, BytesIO(b"body"), silence, send))
    return sent


def test_a_whole_answer() -> None:
    view = View(HttpResponse(b"hello"))
    sent = ask(view)
    assert sent == [
        {"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"text/plain"), (b"x-two", b"2")]},
        {"type": "http.response.body", "body": b"hello"},
    ]
    assert (view.body, view.environ["PATH_INFO"], view.environ["HTTP_X_ONE"]) == (b"body", "/caf\u00c3\u00a9/", "1")
    assert view.thread.startswith("http")
    assert view.closed == 1


def test_a_streamed_answer_waits_for_the_client() -> None:
    made: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(5):
            made.append(number)
            yield b"%d" % number

    async def slowly(sent: list[Any]) -> None:
        await asyncio.sleep(0.01)
        assert len(made) <= len(sent), "a chunk is made only when the client has accepted the one before"

    view = View(StreamingHttpResponse(chunks()))
    sent = ask(view, slowly)
    assert [message.get("body") for message in sent[1:]] == [b"0", b"1", b"2", b"3", b"4", b""]
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * 5 + [False]
    assert view.closed == 1


def test_a_slow_client_gets_the_whole_response() -> None:
    whole = bytes(range(256)) * 4096
    sent: list[Any] = []

    async def slowly(message: Any) -> None:
        await asyncio.sleep(0.05)
        sent.append(message)

    asyncio.run(Bridge(View(StreamingHttpResponse([whole])), 2, 0.4)(SCOPE, BytesIO(b"body"), silence, slowly))
    assert b"".join(message.get("body", b"") for message in sent) == whole
    assert sent[-1] == {"type": "http.response.body", "body": b""}


def test_a_stream_that_fails_does_not_look_complete() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("gone")

    view = View(StreamingHttpResponse(chunks()))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(RuntimeError, match="gone"):
        asyncio.run(Bridge(view, 2)(SCOPE, BytesIO(b"body"), silence, send))
    assert sent[-1] == {"type": "http.response.body", "body": b"half", "more_body": True}
    assert view.closed == 1
