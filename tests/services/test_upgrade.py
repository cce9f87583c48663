"""An upgrade as docs/operations/upgrade.md describes it: nobody is refused while processes restart."""

import os
import shlex
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.graph_double import GraphDouble
from tests.services.harness import ROOT, Process, Server, Stack
from tests.services.meta import body_of, signature, text_message
from tests.services.nginx import NGINX, Nginx
from tests.services.sending import Desk
from tests.services.test_units import read

CALLS = int(os.environ.get("UPGRADE_CALLS", "1000"))
THREADS = 8


class Held(Process):
    """The web service as systemd runs it: on a socket that outlives it, as its file descriptor 3."""

    def __init__(self, stack: Stack) -> None:
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1024)
        self.port: int = self.listener.getsockname()[1]
        command = read(ROOT / "deploy/systemd/patter-web.service")["Service"]["ExecStart"]
        words = [sys.executable, "-m", "uvicorn", *shlex.split(command)[1:], "--no-access-log"]
        # What systemd does before it starts the program.
        held = f"exec 3<&{self.listener.fileno()}; exec {shlex.join(words)}"
        super().__init__(["bash", "-c", held], stack.env, stack.root / "held.log")
        self.inherited = (self.listener.fileno(),)
        stack.processes.append(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> bool:
        return "Uvicorn running on" in self.output()


class Callers:
    """People who read and write, and Meta, all the time and each on a connection of its own."""

    def __init__(self, client: Callable[[], httpx.Client], token: str, customer: int) -> None:
        self._client, self._token, self._customer = client, token, customer
        self.answers: Counter[str] = Counter()
        self.done = 0
        self._lock = threading.Lock()

    def call(self, number: int) -> None:
        kind = ("read", "webhook", "send")[number % 3]
        try:
            with self._client() as client:
                said = f"{kind} {getattr(self, kind)(client, number).status_code}"
        except httpx.HTTPError as error:
            said = f"{kind} {type(error).__name__}"
        with self._lock:
            self.answers[said] += 1
            self.done += 1

    def read(self, client: httpx.Client, number: int) -> httpx.Response:
        return client.get("/api/customers/", headers={"Authorization": f"Bearer {self._token}"})

    def webhook(self, client: httpx.Client, number: int) -> httpx.Response:
        body = body_of(messages=[text_message("94770000001", f"wamid.UP{number}")])
        return client.post("/api/webhook/", content=body, headers={"X-Hub-Signature-256": signature(body)})

    def send(self, client: httpx.Client, number: int) -> httpx.Response:
        body = {"customer": self._customer, "type": "text", "text": "hello", "client_id": f"up{number}"}
        return client.post("/api/messages/", json=body, headers={"Authorization": f"Bearer {self._token}"})

    def run(self, between: Callable[["Callers"], None]) -> None:
        """Make all calls while `between` happens."""
        with ThreadPoolExecutor(THREADS + 1) as pool:
            upgrade = pool.submit(between, self)
            calls = [pool.submit(self.call, number) for number in range(CALLS)]
            for call in calls:
                call.result()
            upgrade.result()

    def wait_for(self, share: float) -> None:
        while self.done < share * CALLS:
            time.sleep(0.01)


def trusted(stack: Stack, url: str) -> int:
    desk = Desk(url, stack.admin_token)
    body = body_of(messages=[text_message("94770000001", "wamid.UPGRADE")])
    assert desk.call("POST", "/api/webhook/", content=body, headers={"X-Hub-Signature-256": signature(body)}).is_success
    customer: int = desk.call("GET", "/api/customers/?search=94770000001").json()["results"][0]["id"]
    return customer


def expected() -> dict[str, int]:
    counts = Counter(("read 200", "webhook 200", "send 201")[number % 3] for number in range(CALLS))
    return dict(counts)


def test_the_socket_that_systemd_holds_refuses_nobody(stack: Stack, graph: GraphDouble) -> None:
    web = Held(stack)
    web.start()
    customer = trusted(stack, web.url)

    def restart(callers: Callers) -> None:
        for share in (0.2, 0.6):
            callers.wait_for(share)
            web.stop()
            web.start()

    callers = Callers(lambda: httpx.Client(base_url=web.url, trust_env=False, timeout=60), stack.admin_token, customer)
    callers.run(restart)

    assert dict(callers.answers) == expected()
    assert web.starts == 3


@pytest.fixture
def pair(services: Stack) -> Iterator[tuple[Nginx, list[Server]]]:
    """Two web services behind nginx, as the profile `tls` of the compose file has them."""
    services.env |= {"HTTPS_ONLY": "1", "ALLOWED_HOSTS": "localhost"}
    servers = [services.server(), services.server()]
    for server in servers:
        server.argv += ["--no-proxy-headers", "--timeout-graceful-shutdown", "10"]
        server.start()
    proxy = Nginx(
        services.root / "nginx", [f"127.0.0.1:{server.port}" for server in servers], services.env["MEDIA_ROOT"]
    )
    proxy.start()
    yield proxy, servers
    proxy.stop()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_two_that_restart_in_turn_refuse_nobody(services: Stack, pair: tuple[Nginx, list[Server]]) -> None:
    nginx, servers = pair
    with nginx.client(services.admin_token) as client:
        body = body_of(messages=[text_message("94770000001", "wamid.UPGRADE")])
        assert client.post("/api/webhook/", content=body, headers={"X-Hub-Signature-256": signature(body)}).is_success
        customer = client.get("/api/customers/?search=94770000001").json()["results"][0]["id"]

    def restart(callers: Callers) -> None:
        for share, server in zip((0.2, 0.6), servers, strict=True):
            callers.wait_for(share)
            server.stop()
            server.start()

    callers = Callers(nginx.client, services.admin_token, customer)
    callers.run(restart)

    assert dict(callers.answers) == expected()
    assert [server.starts for server in servers] == [2, 2]
