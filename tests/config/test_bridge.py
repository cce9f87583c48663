"""Responses of views in threads arrive complete or in pieces, and as fast as the client accepts them."""

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from config.bridge import Bridge
from config.lanes import Lanes
from config.spool import MEMORY_BYTES
from tests.live_server import PATIENCE

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

    asyncio.run(Bridge(view, Lanes())(SCOPE, BytesIO(b"body"), silence, send))
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


def test_a_streamed_answer_is_made_without_the_client() -> None:
    made = threading.Event()

    def chunks() -> Iterator[bytes]:
        for number in range(5):
            yield b"%d" % number
        made.set()

    async def afterwards(sent: list[Any]) -> None:
        assert await asyncio.to_thread(made.wait, 10), "the thread waits for the client"

    view = View(StreamingHttpResponse(chunks()))
    sent = ask(view, afterwards)
    assert b"".join(message.get("body", b"") for message in sent[1:]) == b"01234"
    assert [message.get("more_body", False) for message in sent[1:]][-2:] == [True, False]
    assert view.closed == 1


@pytest.mark.parametrize("size", [0, 1, MEMORY_BYTES, MEMORY_BYTES + 1, 3 * MEMORY_BYTES + 17])
def test_a_streamed_answer_of_any_size_arrives_as_it_was_made(size: int) -> None:
    whole = bytes(range(256)) * (size // 256 + 1)
    pieces = [whole[at : min(at + 50_001, size)] for at in range(0, size, 50_001)]
    sent = ask(View(StreamingHttpResponse(pieces)))
    assert sent[0]["status"] == 201
    assert b"".join(message.get("body", b"") for message in sent[1:]) == whole[:size]
    assert sent[-1] == {"type": "http.response.body", "body": b""}


@pytest.mark.parametrize(("size", "start"), [(10, 0), (10, 3), (1_500_000, 0), (1_500_000, 700_000)])
def test_a_file_is_sent_from_where_it_stands(tmp_path: Path, size: int, start: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    file = (tmp_path / "file").open("rb")
    file.seek(start)

    def view(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](file)

    sent = ask(view)

    assert b"".join(message.get("body", b"") for message in sent[1:]) == content[start:size]
    assert not sent[-1].get("more_body")
    assert file.closed


def test_what_only_looks_like_a_file_is_sent_too() -> None:
    def view(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](BytesIO(b"x" * 100_000), 1000)

    assert b"".join(message.get("body", b"") for message in ask(view)[1:]) == b"x" * 100_000


def test_a_file_that_became_shorter_does_not_look_complete(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 200_000)
    file = (tmp_path / "file").open("rb")

    def view(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "300000")])
        return environ["wsgi.file_wrapper"](file)

    assert ask(view)[-1]["more_body"]


def test_an_answer_beyond_the_room_on_disk_does_not_look_complete() -> None:
    view = View(StreamingHttpResponse(b"x" * 100_000 for _ in range(50)))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    bridge = Bridge(view, Lanes(), spool_bytes=1_000_000)
    for _ in range(2):  # the second time: what the first one took is free again
        view.response = StreamingHttpResponse(b"x" * 100_000 for _ in range(50))
        asyncio.run(bridge(SCOPE, BytesIO(b"body"), silence, send))
        assert sent.pop()["more_body"]
        assert bridge.room.left == 1_000_000


def test_an_answer_without_a_temporary_directory_does_not_look_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    assert ask(View(StreamingHttpResponse(b"x" * 100_000 for _ in range(50))))[-1]["more_body"]
    assert "cannot be written to the temporary directory" in caplog.text


def _file_of(size: int, path: Path) -> Any:
    path.write_bytes(b"x" * size)

    def view(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", str(size))])
        return environ["wsgi.file_wrapper"](path.open("rb"))

    return view


@pytest.mark.parametrize("kind", ["whole", "file", "streamed"])
def test_a_client_who_accepts_nothing_is_cut_off(kind: str, tmp_path: Path) -> None:
    view = {
        "whole": View(HttpResponse(b"hello")),
        "file": _file_of(200_000, tmp_path / "file"),
        "streamed": View(StreamingHttpResponse(b"x" * 100_000 for _ in range(50))),
    }[kind]
    bridge = Bridge(view, Lanes(), patience=0.1, spool_bytes=10_000_000)

    async def scenario() -> None:
        async def never(message: Any) -> None:
            await asyncio.sleep(3600)

        await asyncio.wait_for(bridge(SCOPE, BytesIO(b"body"), silence, never), PATIENCE)

    asyncio.run(scenario())
    assert bridge.room.left == 10_000_000


def test_a_slow_client_gets_the_whole_response() -> None:
    whole = bytes(range(256)) * 4096
    sent: list[Any] = []

    async def slowly(message: Any) -> None:
        await asyncio.sleep(0.05)
        sent.append(message)

    asyncio.run(Bridge(View(StreamingHttpResponse([whole])), Lanes(), 0.4)(SCOPE, BytesIO(b"body"), silence, slowly))
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
        asyncio.run(Bridge(view, Lanes())(SCOPE, BytesIO(b"body"), silence, send))
    assert sent[-1] == {"type": "http.response.body", "body": b"half", "more_body": True}
    assert view.closed == 1
