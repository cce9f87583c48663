"""Redis goes away and comes back while a process listens."""

import asyncio
import errno
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core.live import hub, publishing
from core.live.publishing import attach
from core.live.redis_layer import NoticedRedisLayer
from customers.models import Customer
from messaging.models import BusinessNumber, Message
from messaging.relay.outbox import Outbox
from tests.core.test_live import Ear, tell
from tests.services.harness import free_port, listens, wait_for


class Redis:
    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        wait_for("redis-server to listen", lambda: listens(self.port))

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def hang(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


def _hub_of(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> NoticedRedisLayer:
    """Let hubs use a layer on this Redis."""
    layer = NoticedRedisLayer(hosts=[f"redis://127.0.0.1:{redis.port}/0"], prefix="away")
    for module in (hub, publishing):
        monkeypatch.setattr(module, "channel_layer", lambda: layer)
    return layer


async def _heard(ear: Ear, what: str) -> None:
    for _ in range(100):
        if what in ear.heard:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{what} was not heard, but {ear.heard}")


async def _speak(ear: Ear, word: str) -> None:
    """Say a word until it is heard: what is said while Redis is away is lost."""
    for _ in range(100):
        await tell("inbox", word)
        if word in ear.heard:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{word} was not heard, but {ear.heard}")


def test_listeners_are_told_that_something_may_be_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    redis = Redis(free_port(), tmp_path)
    layer = _hub_of(redis, monkeypatch)

    async def scene() -> None:
        hub = attach()
        early, late = Ear(), Ear()
        await hub.join("inbox", early)
        await tell("inbox")
        await _heard(early, "hello")
        assert early.heard == ["hello"]

        await asyncio.to_thread(redis.stop)
        await hub.join("later", late)
        await asyncio.sleep(1.5)
        assert early.heard == ["hello"], "asked to look again while there was nothing to be heard"
        await asyncio.to_thread(redis.start)
        await _heard(early, "resync")
        await _heard(late, "resync")
        # The first resync comes with the connection. Who joined meanwhile is subscribed by the hub's next try,
        # and told once more: what was said in between is looked up.
        for _ in range(100):
            if "later" in hub._joined:
                break
            await asyncio.sleep(0.1)
        await tell("inbox", "again")
        await tell("later", "again")
        await _heard(early, "again")
        await _heard(late, "again")

        # Away for a moment only, in which nobody spoke.
        early.heard.clear()
        await asyncio.to_thread(redis.stop)
        await asyncio.to_thread(redis.start)
        await _heard(early, "resync")
        assert hub._task is not None
        hub._task.cancel()
        await layer.flush()

    redis.start()
    try:
        asyncio.run(scene())
    finally:
        redis.stop()


@pytest.mark.parametrize("lost", ["nothing", "connection"])
def test_listeners_outlive_a_redis_that_hangs(lost: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Longer than anybody waits for it. A connection that is lost meanwhile is accepted again, and not answered."""
    redis = Redis(free_port(), tmp_path)
    layer = _hub_of(redis, monkeypatch)

    async def scene() -> None:
        hub, ear = attach(), Ear()
        await hub.join("inbox", ear)
        await _speak(ear, "hello")
        (shard,) = layer._get_layer()._shards
        redis.hang()
        if lost == "connection":
            shard._pubsub.connection._writer.transport.abort()
        said = asyncio.create_task(tell("inbox", "into the void"))
        # Three tries of five seconds.
        await asyncio.sleep(16)
        redis.go_on()
        await said
        await _speak(ear, "again")
        assert not shard._receive_task.done()
        assert hub._task is not None
        hub._task.cancel()
        await layer.flush()

    redis.start()
    try:
        asyncio.run(scene())
    finally:
        redis.stop()


def test_listeners_outlive_a_redis_that_vanishes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its host answers no more, so the system gives the connection up."""
    redis = Redis(free_port(), tmp_path)
    layer = _hub_of(redis, monkeypatch)
    heard: list[str] = []

    async def scene() -> None:
        hub, ear = attach(), Ear()
        await hub.join("inbox", ear)
        await _speak(ear, "hello")
        (shard,) = layer._get_layer()._shards
        transport = shard._pubsub.connection._writer.transport
        # As the event loop does it.
        transport.get_protocol().connection_lost(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))
        await _speak(ear, "again")
        await _heard(ear, "resync")
        heard.extend(ear.heard)
        assert hub._task is not None
        hub._task.cancel()
        await layer.flush()

    redis.start()
    try:
        # A loop that does nothing else could not be ended from here.
        loop = threading.Thread(target=lambda: asyncio.run(scene()), daemon=True)
        loop.start()
        loop.join(60)
        assert {"again", "resync"} <= set(heard), "the loop does nothing else than read"
    finally:
        redis.stop()


@pytest.mark.django_db
def test_a_claim_does_not_wait_for_a_frozen_one(settings: Any, tmp_path: Path) -> None:
    """At most 0.1 s for all of it, and then not again for some seconds. The rest is slack for a busy machine."""
    redis = Redis(free_port(), tmp_path)
    redis.start()
    try:
        settings.REDIS_URL, settings.MEDIA_ROOT = f"redis://127.0.0.1:{redis.port}/0", str(tmp_path)
        number = BusinessNumber.objects.create(external_id="1001")
        for name in range(24):
            Message.objects.create(
                customer=Customer.objects.create(first_name=str(name)),
                business_number=number,
                direction="outbound",
                status="queued",
            )
        source = Outbox()
        assert len(source.claim(8)) == 8
        took = []
        redis.hang()
        for _ in range(2):
            began = time.monotonic()
            assert len(source.claim(8)) == 8
            took.append(time.monotonic() - began)
        assert max(took) < 0.5, "less than a request waits, and not for each message"
    finally:
        redis.stop()
