"""Patter as it really runs: server and relay processes with a database of their own, to be killed and restarted.

Shared by the tests in this folder and by `python -m benchmarks.soak`. Everything listens on loopback; only
processes started here are ever signalled. A Stack is either `embedded` (SQLite, one process) or `services`
(PostgreSQL and Redis, web processes and relays). PostgreSQL is TEST_DATABASE_URL (`postgres:///postgres`), in
which databases are created and dropped; the Redis server is one started here, so that it may be killed too.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.services.databases import Database, Databases

ROOT = Path(__file__).resolve().parents[2]
APP_SECRET = "soak-app-secret"
PHONE_NUMBER_ID = "100200300"
KINDS = ("embedded", "services")
# Tables of jobs, and for how many seconds each is claimed.
LEASES = {
    "messaging_message": 30,  # messaging/relay/claims.py
    "whatsapp_webhookevent": 30,  # whatsapp/webhook/queue.py
    "messaging_attachment": 360,  # messaging/relay/preparations.py; downloads.py there has less
    "core_chore": 300,  # core/chores.py
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 60.0, pause: float = 0.05) -> Any:
    """Return the first true value of `condition`; fail naming `what` when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still waiting: {what}"
        time.sleep(pause)
    return value


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """One process of ours. `start` may follow `kill` or `stop` any number of times."""

    def __init__(self, argv: list[str], env: dict[str, str], log: Path) -> None:
        self.argv, self.env, self.log = argv, env, log
        self.popen: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.log_from = 0
        # Open files that it gets.
        self.inherited: tuple[int, ...] = ()
        # When it was last seen to be dead, by time.time(): what it had claimed, it claimed before.
        self.died_at = 0.0

    def launch(self, **more_env: str) -> None:
        """Start without waiting until it is ready."""
        self.starts += 1
        self.log_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self.popen = subprocess.Popen(
                self.argv,
                cwd=ROOT,
                env={**self.env, **more_env},
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=self.inherited,
            )

    def start(self, **more_env: str) -> None:
        self.launch(**more_env)
        wait_for(f"{self.argv} to be ready", lambda: self.ready() or not self.alive, 60, 0.02)
        assert self.alive, f"it ended at once:\n{self.output()[-3000:]}"

    def ready(self) -> bool:
        raise NotImplementedError

    def output(self) -> str:
        """What it printed since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self.log_from)
            return log.read().decode(errors="replace")

    @property
    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait(10)
            self.died_at = time.time()

    def stop(self, signum: int = signal.SIGTERM, seconds: float = 30.0) -> float:
        """Ask it to end and return how many seconds that took; fails when it does not."""
        assert self.popen is not None
        began = time.monotonic()
        self.popen.send_signal(signum)
        self.popen.wait(seconds)
        return time.monotonic() - began

    def wait_dead(self, seconds: float = 30.0) -> int:
        """Wait until it ended by itself (a fault point) and return its exit status."""
        assert self.popen is not None
        status = self.popen.wait(seconds)
        self.died_at = time.time()
        return status


class Server(Process):
    """uvicorn with the whole application, one worker. A restart listens on the same port."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.port = free_port()
        argv = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1"]
        super().__init__([*argv, "--port", str(self.port), "--no-access-log", "--no-server-header"], env, log)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> bool:
        # uvicorn listens only when lifespan startup, the relay included, is complete. Its own words, because somebody
        # else may have taken the port meanwhile.
        return f"Uvicorn running on {self.url}" in self.output()


# Starts a server with the demo data, on settings given by name.
Start = Callable[..., Server]


class Relay(Process):
    """`manage.py relay`."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        super().__init__([sys.executable, "manage.py", "relay"], env, log)

    def ready(self) -> bool:
        return "relay: running" in self.output()


class Redis(Process):
    """A Redis server of our own, which nobody else would miss."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        argv = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        super().__init__(argv, dict(os.environ), log)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def ready(self) -> bool:
        return listens(self.port)

    def cut_connections(self) -> None:
        """Drop every client's connections, as a failover or a proxy would."""
        for kind in ("pubsub", "normal"):
            subprocess.run(
                ["redis-cli", "-p", str(self.port), "CLIENT", "KILL", "TYPE", kind],
                check=True,
                capture_output=True,
                timeout=10,
            )


class Stack:
    """A Patter of its own. `graph_url` is where it finds Meta; without one it runs the sandbox transport."""

    def __init__(self, kind: str, root: Path, database: Database, people: dict[str, Any], graph_url: str) -> None:
        self.kind, self.root, self.database, self.people = kind, root, database, people
        self.redis = Redis(root / "redis.log") if kind == "services" else None
        self.env = environment(database.url, self.redis.url if self.redis else "", root, graph_url)
        self.processes: list[Process] = [self.redis] if self.redis else []
        if self.redis:
            self.redis.start()

    @property
    def embedded(self) -> bool:
        return self.kind == "embedded"

    @property
    def admin_token(self) -> str:
        token: str = self.people["admin"]["token"]
        return token

    def server(self) -> Server:
        server = Server(self.env, self.root / f"server{len(self.processes)}.log")
        self.processes.append(server)
        return server

    def relay(self) -> Relay:
        relay = Relay(self.env, self.root / f"relay{len(self.processes)}.log")
        self.processes.append(relay)
        return relay

    def start(self, relays: int = 1) -> "tuple[Server, list[Process]]":
        """Start a server and what sends: the server itself when embedded, else that many relays."""
        server = self.server()
        server.start()
        if self.embedded:
            return server, [server]
        started: list[Process] = [self.relay() for _ in range(relays)]
        for relay in started:
            relay.start()
        return server, started

    def age_leases(self) -> None:
        """Let the leases of processes that are dead run out now instead of within their time.

        Those claimed after the last death belong to somebody who is at work, and are not touched.
        """
        died_at = max(process.died_at for process in self.processes)
        for leased, seconds in LEASES.items():
            until = datetime.fromtimestamp(died_at + seconds, UTC)
            self.database.query(
                f"UPDATE {leased} SET lease_until = '2000-01-01 00:00:00+00:00' WHERE lease_until <= %s",
                until.replace(tzinfo=None).isoformat(" ") if self.database.is_sqlite else until,
            )

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()


def environment(database_url: str, redis_url: str, root: Path, graph_url: str) -> dict[str, str]:
    """What a process of the stack gets; nothing of Patter's is inherited from the caller's environment."""
    ours = {
        "ENV_FILE": "/dev/null",
        "DEBUG": "0",
        "SECRET_KEY": "soak-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MEDIA_ROOT": str(root / "media"),
        "ACCESS_TOKEN_MINUTES": "600",
        # Crowds come with the tokens of a few.
        "SOCKETS_PER_USER": "5000",
        "WHATSAPP_SANDBOX": "" if graph_url else "1",
        "WHATSAPP_ACCESS_TOKEN": "soak-token" if graph_url else "",
        "WHATSAPP_APP_SECRET": APP_SECRET,
        "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
        "WHATSAPP_GRAPH_URL": graph_url or "http://127.0.0.1:9",
        "WHATSAPP_GRAPH_VERSION": "",
        "PATTER_FAULT": "",
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **ours}


def demo_environment(database_url: str, redis_url: str, root: Path, **settings: str) -> dict[str, str]:
    """The environment of a Patter with the demo data and the sandbox, as `make run` starts it."""
    return {**environment(database_url, redis_url, root, ""), "DEBUG": "1", "ACCESS_TOKEN_MINUTES": "15", **settings}


def manage(env: dict[str, str], *command: str) -> None:
    """Run a command of manage.py, which must succeed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]


class Stacks:
    """Makes stacks, each with a database of its own. Use as a context manager."""

    def __init__(self, folder: Path | None = None) -> None:
        """Keep the SQLite files and logs in a directory of their own under `folder`."""
        self._tmp = TemporaryDirectory(prefix="patter-services-", dir=folder)
        self.root = Path(self._tmp.name)
        self._databases = Databases(self.root, self._fill)
        self._made = 0

    def __enter__(self) -> "Stacks":
        return self

    def __exit__(self, *_: object) -> None:
        self._databases.drop_all()
        self._tmp.cleanup()

    @contextmanager
    def stack(self, kind: str, graph_url: str = "") -> Iterator[Stack]:
        """A stack that ends, processes and all, with the block."""
        self._made += 1
        root = self.root / f"{kind}{self._made}"
        root.mkdir()
        database, people = self._databases.make("sqlite" if kind == "embedded" else "postgres", root)
        stack = Stack(kind, root, database, people, graph_url)
        try:
            yield stack
        finally:
            stack.close()

    def _fill(self, database: Database) -> dict[str, Any]:
        """Migrate a new database and seed it; return who is in it."""
        env = environment(database.url, "", self.root, "")
        for command in (["manage.py", "migrate", "-v0"], ["-m", "tests.services.seed"]):
            done = subprocess.run(
                [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
            )
            assert done.returncode == 0, done.stderr[-3000:]
        people: dict[str, Any] = json.loads(done.stdout)
        return people
