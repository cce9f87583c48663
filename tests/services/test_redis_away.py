"""Redis goes away and comes back while a process listens."""

import asyncio
import signal
import subprocess
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


def test_listeners_are_told_that_something_may_be_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    redis = Redis(free_port(), tmp_path)
    layer = NoticedRedisLayer(hosts=[f"redis://127.0.0.1:{redis.port}/0"], prefix="away")
    for module in (hub, publishing):
        monkeypatch.setattr(module, "channel_layer", lambda: layer)

    async def heard(ear: Ear, what: str) -> None:
        for _ in range(100):
            if what in ear.heard:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{what} was not heard, but {ear.heard}")

    async def scene() -> None:
        hub = attach()
        early, late = Ear(), Ear()
        await hub.join("inbox", early)
        await tell("inbox")
        await heard(early, "hello")
        assert early.heard == ["hello"]

        await asyncio.to_thread(redis.stop)
        await hub.join("later", late)
        await asyncio.sleep(1.5)
        assert early.heard == ["hello"], "asked to look again while there was nothing to be heard"
        await asyncio.to_thread(redis.start)
        await heard(early, "resync")
        await heard(late, "resync")
        # The first resync comes with the connection. Who joined meanwhile is subscribed by the hub's next try,
        # and told once more: what was said in between is looked up.
        for _ in range(100):
            if "later" in hub._joined:
                break
            await asyncio.sleep(0.1)
        await tell("inbox", "again")
        await tell("later", "again")
        await heard(early, "again")
        await heard(late, "again")

        # Away for a moment only, in which nobody spoke.
        early.heard.clear()
        await asyncio.to_thread(redis.stop)
        await asyncio.to_thread(redis.start)
        await heard(early, "resync")
        assert hub._task is not None
        hub._task.cancel()
        await layer.flush()

    redis.start()
    try:
        asyncio.run(scene())
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
        assert redis.process is not None
        redis.process.send_signal(signal.SIGSTOP)
        for _ in range(2):
            began = time.monotonic()
            assert len(source.claim(8)) == 8
            took.append(time.monotonic() - began)
        assert max(took) < 0.5, "less than a request waits, and not for each message"
    finally:
        redis.stop()
