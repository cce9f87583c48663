"""Clients that die without a word, such as a laptop whose lid is closed, are gone within 30 s."""

import signal
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from config.ending import notice_dead_clients

Running = Callable[..., uvicorn.Config]


@pytest.fixture
def running() -> Iterator[Running]:
    """Let uvicorn take the signals, as when it runs; returns its configuration."""
    before = signal.getsignal(signal.SIGTERM)

    def started(**options: float) -> uvicorn.Config:
        server = uvicorn.Server(uvicorn.Config("config.asgi:application", **options))  # type: ignore[arg-type]
        signal.signal(signal.SIGTERM, server.handle_exit)
        return server.config

    yield started
    signal.signal(signal.SIGTERM, before)


def test_in_time(running: Running) -> None:
    config = running()
    notice_dead_clients()
    assert config.ws_ping_interval
    assert config.ws_ping_timeout
    assert config.ws_ping_interval + config.ws_ping_timeout < 30


def test_shorter_times_stay(running: Running) -> None:
    config = running(ws_ping_interval=3.0, ws_ping_timeout=60.0)
    notice_dead_clients()
    assert config.ws_ping_interval == 3.0
    assert config.ws_ping_timeout
    assert config.ws_ping_timeout < 30


def test_another_server() -> None:
    notice_dead_clients()
