"""A client that does not read a streamed response, or leaves, does not hold a thread."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.http import HttpResponse, StreamingHttpResponse

from config.bodies import SpoolBody
from config.bridge import Bridge
from config.lanes import Lanes
from tests.live_server import PATIENCE, LiveServer


class Site:
    """Streams `pieces` at `/endless` until `closed`, or so many times, and answers any other path at once."""

    def __init__(self, size: int, pause: float, times: int = 10**9) -> None:
        self.size, self.pause, self.times = size, pause, times
        self.closed = threading.Event()

    def pieces(self) -> Iterator[bytes]:
        deadline = time.monotonic() + PATIENCE  # so that the test also ends if it fails
        try:
            for _ in range(self.times):
                if time.monotonic() > deadline:
                    break
                yield b"x" * self.size
                time.sleep(self.pause)
        finally:
            self.closed.set()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        response: Any = HttpResponse(b"here")
        if environ["PATH_INFO"] == "/endless":
            response = StreamingHttpResponse(self.pieces())
        start_response("200 OK", [("Content-Type", "text/plain")])
        return response


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[LiveServer] = []

    def started(site: Site, patience: float, spool_bytes: int = 1024**3) -> LiveServer:
        lanes = Lanes()
        servers.append(LiveServer(SpoolBody(Bridge(site, lanes, patience, spool_bytes), lanes.uploads)))
        servers[-1].start()
        return servers[-1]

    yield started
    for server in servers:
        server.stop()


def asked(server: LiveServer) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", server.port))
    client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def test_a_client_that_does_not_read_is_cut_off(serve: Any) -> None:
    site = Site(size=65536, pause=0)
    server = serve(site, patience=0.5)
    with asked(server) as client:
        assert httpx.get(f"{server.url}/", timeout=PATIENCE / 2).text == "here"
        assert site.closed.wait(PATIENCE / 2)
        end = b""
        while chunk := client.recv(1024 * 1024):
            end = chunk[-8:]
        assert not end.endswith(b"0\r\n\r\n"), "a part looks like the whole"


def test_clients_that_read_nothing_hold_nobody_up(serve: Any) -> None:
    site = Site(size=10_000_000, pause=0, times=1)
    server = serve(site, patience=PATIENCE)
    clients = [asked(server) for _ in range(24)]
    for client in clients:
        assert client.recv(9) == b"HTTP/1.1 "
    assert httpx.get(f"{server.url}/", timeout=PATIENCE / 2).text == "here"
    got = b""
    while not got.endswith(b"0\r\n\r\n"):
        got += clients[-1].recv(1024 * 1024)
    assert got.count(b"x" * 1000) >= 9_000
    for client in clients:
        client.close()


def test_nothing_is_made_for_a_client_that_left(serve: Any) -> None:
    site = Site(size=1, pause=0.01)
    with asked(serve(site, patience=30)) as client:
        assert client.recv(1)
    assert site.closed.wait(PATIENCE / 2)
