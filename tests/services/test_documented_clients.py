"""The clients in docs/realtime.md, as they stand: through drops, restarts and expiry they miss and double nothing."""

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import httpx
import pytest

from tests.services.gate import Gate
from tests.services.harness import ROOT, Server, Stack, wait_for
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, text_message
from tests.services.sending import meet
from tests.services.test_browser import BROWSER, chromium

PHONE = "94770000001"
TOKEN_SECONDS = 3
_SERVE = f"""
import sys, uvicorn
from config.asgi import application
from django.conf import settings
settings.ACCESS_TOKEN_MINUTES = {TOKEN_SECONDS / 60}
uvicorn.main(["config.asgi:application", *sys.argv[1:]])
"""
_HEAD = "SELECT last_seq FROM customers_customer WHERE id = %s"


def documented(language: str) -> str:
    """The only block of code in this language."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs/realtime.md").read_text(), re.M | re.S)
    return str(code)


class Client(Protocol):
    """A client that follows a chat: the numbers of the frames it handed over, and how often it loaded the chat."""

    def __init__(self, base: str, desk: dict[str, str], customer: int, last_seq: int) -> None: ...

    @property
    def said(self) -> dict[str, Any]: ...

    def end(self) -> None: ...


class InBrowser:
    """JavaScript in Chromium, on a page of the same origin."""

    def __init__(self, base: str, desk: dict[str, str], customer: int, last_seq: int) -> None:
        self.said: dict[str, Any] = {"seqs": [], "synced": 0, "ended": None}
        self._node = subprocess.Popen(
            ["node", "follow.mjs", chromium()], cwd=BROWSER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        given = {"base": base, "desk": desk, "customer": customer, "lastSeq": last_seq, "client": documented("js")}
        assert self._node.stdin is not None
        self._node.stdin.write(json.dumps(given) + "\n")
        self._node.stdin.flush()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._node.stdout is not None
        for line in self._node.stdout:
            self.said = json.loads(line)

    def end(self) -> None:
        with suppress(subprocess.TimeoutExpired, ValueError):
            self._node.communicate("\n", timeout=10)
        self._node.kill()


class InPython:
    """Python, in a thread of its own."""

    def __init__(self, base: str, desk: dict[str, str], customer: int, last_seq: int) -> None:
        self.said: dict[str, Any] = {"seqs": [], "synced": 0, "ended": None}
        names: dict[str, Any] = {}
        exec(compile(documented("python"), "docs/realtime.md", "exec"), names)

        async def run() -> None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            try:
                await names["follow"](desk, customer, self._frame, self._sync, last_seq)
            except names["Ended"] as ended:
                self.said["ended"] = list(ended.args)

        def follow() -> None:
            with suppress(asyncio.CancelledError):
                asyncio.run(run())

        self._thread = threading.Thread(target=follow, daemon=True)
        self._thread.start()

    async def _frame(self, frame: dict[str, Any]) -> None:
        if "seq" in frame:
            self.said["seqs"].append(frame["seq"])

    async def _sync(self) -> None:
        self.said["synced"] += 1

    def end(self) -> None:
        assert self._task is not None
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)


class Scene:
    """A server whose tokens expire after seconds, behind a network that drops sockets, and a customer who writes."""

    def __init__(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        self.stack = stack
        self.server: Server = stack.server()
        options = ["--host", "127.0.0.1", "--port", str(self.server.port), "--timeout-graceful-shutdown", "5"]
        self.server.argv = [sys.executable, "-c", _SERVE, *options]
        self.server.start()
        self.gate = Gate("127.0.0.1", self.server.port)
        self.meta = Meta([self.server.url], threads=2)
        (self.customer,) = meet(stack, self.meta, 1)
        self.clients: list[Client] = []
        self.renewals = self._written = 0

    def follow(self, kind: type[Client], last_seq: int, access: str = "expired") -> Client:
        url, admin = f"http://127.0.0.1:{self.gate.port}", self.stack.people["admin"]
        desk = {"url": url, "access": access, "refresh": admin["refresh"]}
        self.clients.append(kind(url, desk, self.customer, last_seq))
        return self.clients[-1]

    def writes(self, count: int) -> None:
        for _ in range(count):
            self._written += 1
            self.meta.deliver_all([body_of(messages=[text_message(PHONE, f"wamid.CHAT{self._written}")])])

    def restart(self) -> None:
        self.renewals += self._renewed()
        self.server.stop()
        self.server.start()

    def seen_by(self, client: Client) -> int:
        """Wait until the client is at the end of the log; return its number."""
        drain_webhooks(self.stack)
        head: int = self.stack.database.value(_HEAD, self.customer)
        wait_for("the client to see everything", lambda: head in client.said["seqs"] or client.said["ended"], 90)
        return head

    def _renewed(self) -> int:
        return self.server.output().count("POST api/auth/refresh/ 200")

    def close(self) -> None:
        for client in self.clients:
            client.end()
        self.clients = []
        self.gate.shut()
        self.renewals += self._renewed()


@pytest.fixture
def scene(make_stack: Callable[[str], Stack], monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    scene = Scene(make_stack("embedded"), monkeypatch)
    yield scene
    scene.close()


@pytest.mark.parametrize("kind", [InBrowser, InPython])
def test_a_documented_client_misses_and_doubles_nothing(scene: Scene, kind: type[Client]) -> None:
    client = scene.follow(kind, 0)
    for turn in range(4):
        scene.writes(5)
        time.sleep(TOKEN_SECONDS / 2)  # so that tokens expire
        scene.gate.cut(b"GET /ws/")
        scene.writes(5)
        if turn % 2:
            scene.restart()
    head = scene.seen_by(client)
    assert client.said == {"seqs": list(range(1, head + 1)), "synced": 0, "ended": None}

    scene.close()
    assert scene.renewals > 1, "no token expired"


@pytest.mark.parametrize("kind", [InBrowser, InPython])
def test_a_documented_client_that_was_away_for_long(scene: Scene, kind: type[Client]) -> None:
    """It loads the chat, goes on from there, and ends when there is nothing left to follow."""
    scene.writes(5)
    drain_webhooks(scene.stack)
    scene.stack.database.query("DELETE FROM customers_event WHERE seq < 4")
    client = scene.follow(kind, 1, scene.stack.admin_token)
    wait_for("the client to load the chat", lambda: client.said["synced"])

    scene.writes(1)

    head = scene.seen_by(client)
    assert client.said == {"seqs": [head], "synced": 1, "ended": None}
    admin = {"Authorization": f"Bearer {scene.stack.admin_token}"}
    httpx.delete(f"{scene.server.url}/api/customers/{scene.customer}/", headers=admin, trust_env=False)
    wait_for("the client to end", lambda: client.said["ended"])
    assert client.said["ended"][0] == 4404
