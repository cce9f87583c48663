"""Redis with TLS and a password, and Redis that changes its master: everything that uses it goes on."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.graph_double import GraphDouble
from tests.services.harness import Process, Server, Stack, free_port, listens, wait_for
from tests.services.meta import Meta, body_of, phones, text_message

PASSWORD = "p@ss/word"
IN_URL = "p%40ss%2Fword"


class Program(Process):
    """redis-server, as a server or as a sentinel, with a file of settings."""

    def __init__(self, folder: Path, name: str, *settings: str, sentinel: bool = False) -> None:
        file = folder / f"{name}.conf"
        file.write_text("\n".join(("bind 127.0.0.1", 'save ""', f"dir {folder}", *settings)[1 if sentinel else 0 :]))
        argv = ["redis-server", str(file), *(["--sentinel"] if sentinel else [])]
        super().__init__(argv, dict(os.environ), folder / f"{name}.log")
        words = [line.split() for line in settings]
        self.port = next(int(line[1]) for line in words if line[0] in ("port", "tls-port") and line[1] != "0")

    def ready(self) -> bool:
        return listens(self.port)


@pytest.fixture
def started() -> Iterator[list[Program]]:
    programs: list[Program] = []
    yield programs
    for program in reversed(programs):
        program.kill()


@pytest.fixture
def tls(tmp_path: Path, started: list[Program]) -> Program:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *more], check=True, capture_output=True)
    server = Program(
        tmp_path,
        "tls",
        "port 0",
        f"tls-port {free_port()}",
        f"tls-cert-file {certificate}",
        f"tls-key-file {key}",
        f"tls-ca-cert-file {certificate}",
        "tls-auth-clients no",
        f'requirepass "{PASSWORD}"',
    )
    started.append(server)
    server.start()
    return server


class Family:
    """A master, its replica, and three sentinels that watch them. Two can decide."""

    def __init__(self, folder: Path, started: list[Program]) -> None:
        secret = (f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"')
        self.master = Program(folder, "master", f"port {free_port()}", *secret)
        replica_of = f"replicaof 127.0.0.1 {self.master.port}"
        self.replica = Program(folder, "replica", f"port {free_port()}", replica_of, *secret)
        watch = (
            'requirepass "watchword"',
            f"sentinel monitor desk 127.0.0.1 {self.master.port} 2",
            f'sentinel auth-pass desk "{PASSWORD}"',
            "sentinel down-after-milliseconds desk 1000",
            "sentinel failover-timeout desk 5000",
            'sentinel sentinel-pass "watchword"',
        )
        names = ("first", "second", "third")
        self.sentinels = [Program(folder, name, f"port {free_port()}", *watch, sentinel=True) for name in names]
        for program in (self.master, self.replica, *self.sentinels):
            started.append(program)
            program.start()
        wait_for("the replica", lambda: str(self.replica.port) in self.says("SENTINEL", "replicas", "desk"))
        wait_for("the sentinels", lambda: self.says("SENTINEL", "sentinels", "desk").count("runid") == 2)

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://:{IN_URL}@{hosts}/desk/3?sentinel_password=watchword"

    def says(self, *words: str) -> str:
        port = str(self.sentinels[1].port)
        argv = ["redis-cli", "-p", port, "-a", "watchword", "--no-auth-warning", *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=10).stdout


def frame(screen: ClientConnection, kind: str, seconds: float = 30.0) -> bool:
    """Whether a frame of this kind comes."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            if f'"{kind}"' in str(screen.recv(timeout=left)):
                return True
        except TimeoutError:
            break
    return False


def screen_of(stack: Stack, server: Server, customer: int) -> ClientConnection:
    url = f"ws://127.0.0.1:{server.port}/ws/chat/{customer}/?token={stack.admin_token}"
    return connect(url, proxy=None, open_timeout=20)


def everything_works(stack: Stack, servers: list[Server], meta: Meta, mark: str) -> None:
    """Two servers and a relay hear of each other, count together, and say that they are ready."""
    wait_for("Redis", lambda: all(ready(server) for server in servers), 90, 0.5)
    customer = stack.database.value("SELECT id FROM customers_customer")
    with screen_of(stack, servers[0], customer) as screen:
        headers = {"Authorization": f"Bearer {stack.admin_token}"}
        body = {"customer": customer, "text": "hello", "client_id": mark}
        sent = httpx.post(f"{servers[1].url}/api/messages/", json=body, headers=headers, trust_env=False)
        assert sent.status_code == 201, sent.text
        assert frame(screen, "sent"), "nothing came from the relay"
    statuses = [sign_in(server, f"nobody-{mark}") for server in (*servers, *servers, *servers)]
    assert statuses == [401] * 5 + [429], "the servers do not count together"


def ready(server: Server) -> bool:
    checks: dict[str, Any] = httpx.get(f"{server.url}/readyz", trust_env=False, timeout=20).json()["checks"]
    return bool(checks["redis"]["status"] == "ok")


def sign_in(server: Server, username: str) -> int:
    body = {"username": username, "password": "wrong"}
    return httpx.post(f"{server.url}/api/auth/login/", json=body, trust_env=False, timeout=30).status_code


def run(stack: Stack, url: str) -> tuple[list[Server], Meta]:
    stack.env.update(REDIS_URL=url, THROTTLE_LOGIN="5/hour")
    first, _ = stack.start()
    second = stack.server()
    second.start()
    meta = Meta([second.url])
    meta.deliver(body_of(messages=[text_message(phones(1)[0], "wamid.FIRST")]))
    wait_for("the customer", lambda: stack.database.value("SELECT count(*) FROM customers_customer"))
    return [first, second], meta


def test_tls(services: Stack, tls: Program, tmp_path: Path, graph: GraphDouble) -> None:
    url = f"rediss://:{IN_URL}@127.0.0.1:{tls.port}/2?ssl_ca_certs={tmp_path / 'cert.pem'}"
    servers, meta = run(services, url)

    everything_works(services, servers, meta, "tls")


def test_a_certificate_that_nobody_vouches_for(services: Stack, tls: Program) -> None:
    services.env["REDIS_URL"] = f"rediss://:{IN_URL}@127.0.0.1:{tls.port}/2"
    server = services.server()
    server.start()

    assert not ready(server)


def test_the_master_changes(services: Stack, started: list[Program], tmp_path: Path, graph: GraphDouble) -> None:
    family = Family(tmp_path, started)
    servers, meta = run(services, family.url)
    everything_works(services, servers, meta, "before")
    customer = services.database.value("SELECT id FROM customers_customer")

    with screen_of(services, servers[0], customer) as open_before:
        family.master.kill()
        family.sentinels[0].kill()
        # Requests go on meanwhile.
        assert sign_in(servers[0], "somebody") == 401
        meta.deliver(body_of(messages=[text_message(phones(1)[0], "wamid.MEANWHILE")]))
        wait_for("the other one", lambda: str(family.replica.port) in family.says("SENTINEL", "masters"), 60, 0.5)
        everything_works(services, servers, meta, "after")
        meta.deliver(body_of(messages=[text_message(phones(1)[0], "wamid.AFTER")]))
        assert frame(open_before, "wamid.AFTER") or frame(open_before, "chat_message", 10)
    # The old master comes back as a replica.
    family.master.start()
    wait_for("it to follow", lambda: "role:slave" in _info(family.master), 60, 0.5)
    everything_works(services, servers, meta, "at the end")


def _info(program: Program) -> str:
    argv = ["redis-cli", "-p", str(program.port), "-a", PASSWORD, "--no-auth-warning", "INFO", "replication"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=10).stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:6379", "REDIS_URL must begin with one of redis://"),
        ("redis+sentinel://127.0.0.1:26379", "must look like redis+sentinel://"),
        ("redis+sentinel://127.0.0.1:26379/desk/one", "must look like redis+sentinel://"),
    ],
)
def test_a_url_that_cannot_be(services: Stack, url: str, said: str) -> None:
    services.env["REDIS_URL"] = url
    server = services.server()
    server.launch()
    assert server.wait_dead(60) != 0
    assert said in server.output()
