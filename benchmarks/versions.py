"""`python -m benchmarks.versions BEFORE AFTER [--only NAME ...]`: two checkouts of Patter side by side.

Each has a server and a database of its own with the same data, and both are asked in turn, so that whatever slows the
machine down hits both alike. 16 connections, one server process on each side. With BENCH_REDIS_URL they use Redis, that
database and the one before it; without, each also sends what is queued while it is measured.
"""

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

SECRETS = {
    "DEBUG": "0",
    "REDIS_URL": "",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "WHATSAPP_ACCESS_TOKEN": "",
    "WHATSAPP_APP_SECRET": secrets.token_hex(16),
    "WHATSAPP_SANDBOX": "1",
    "ACCESS_TOKEN_MINUTES": "600",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
os.environ.update(SECRETS)

import django  # noqa: E402

django.setup()

from benchmarks import __main__ as databases  # noqa: E402
from benchmarks import load  # noqa: E402
from benchmarks.database_cpu import DatabaseCpu  # noqa: E402
from benchmarks.operations import READS, REQUESTS, WARM_UPS, Asking  # noqa: E402
from benchmarks.report import milliseconds  # noqa: E402
from benchmarks.servers import PATTER, Server  # noqa: E402
from tests.services.databases import Database  # noqa: E402
from tests.services.harness import wait_for  # noqa: E402

CONNECTIONS, WRITTEN = 16, 300
# Run in the checkout, which knows its own tables.
_FILL = """
import django, json; django.setup()
from benchmarks.data import Size, load
desk = load(Size(customers=20_000, messages=100_000, chats=2_000))
print(json.dumps([desk.token, desk.chats, desk.terms]))
"""


class Side:
    """One checkout, its server and its database."""

    def __init__(self, folder: Path, url: str, redis_url: str, running: ExitStack) -> None:
        media = f"var/versions-{secrets.token_hex(4)}"
        environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": redis_url, "MEDIA_ROOT": media}
        filled = subprocess.run(
            [sys.executable, "-c", _FILL], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        asking = Asking(*json.loads(filled.stdout.splitlines()[-1]))
        self.requests = {operation: ask(asking) for operation, ask in REQUESTS.items()}
        self.database = Database(url)
        self.database_cpu = None if self.database.is_sqlite else DatabaseCpu(url)
        self.server = running.enter_context(Server(PATTER, folder, **environment))
        self.start()

    def start(self) -> None:
        """Forget what was measured."""
        self.loads: list[load.Load] = []
        self.cpu = self.stored_cpu = 0.0

    def warm_up(self, operation: str) -> None:
        self._run(islice(self.requests[operation], WARM_UPS))

    def measure(self, operation: str) -> None:
        """Read for a second, or write 300 times. Of webhooks the time ends when all are stored and handled."""
        before, started = self.server.cpu_seconds(), time.perf_counter()
        if self.database_cpu is not None:
            self.database_cpu.start()
        if operation in READS:
            done = self._run(self.requests[operation], seconds=1.0)
        else:
            done = self._run(islice(self.requests[operation], WRITTEN))
        if operation == "webhook":
            unfinished = "SELECT count(*) FROM whatsapp_webhookevent WHERE state <> 'done'"
            wait_for("the webhooks", lambda: not self.database.value(unfinished), pause=0.01)
            done.seconds = time.perf_counter() - started
        self.loads.append(done)
        self.cpu += self.server.cpu_seconds() - before
        if self.database_cpu is not None:
            self.stored_cpu += self.database_cpu.seconds()

    def _run(self, requests: Any, seconds: float | None = None) -> load.Load:
        return asyncio.run(load.run(self.server.port, requests, connections=CONNECTIONS, seconds=seconds))


def compare(operation: str, sides: list[Side], rounds: int) -> None:
    """Print rate, latency and processor time of both, and how the second compares with the first."""
    for side in sides:
        side.warm_up(operation)
        side.start()
    for turn in range(rounds):
        for side in sides if turn % 2 else sides[::-1]:
            side.measure(operation)
    each = []
    for side in sides:
        n = sum(len(done.latencies) for done in side.loads)
        each.append(side.cpu / n)
        rate, times = median(done.per_second for done in side.loads), milliseconds([d.latencies for d in side.loads])
        print(f"   {rate:.0f}/s, {times} ms, CPU {each[-1] * 1000:.2f} + {side.stored_cpu / n * 1000:.2f} ms, N = {n}")
    before, after = (side.loads for side in sides)
    ratio = median(new.per_second / old.per_second for new, old in zip(after, before, strict=True))
    print(f"{operation}: {ratio:.3f} of the rate, {each[1] / each[0]:.3f} of the server's processor time\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions", description=__doc__)
    parser.add_argument("checkouts", nargs=2, type=Path)
    parser.add_argument("--database", choices=sorted(databases.DATABASES), default="postgres")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="+", choices=REQUESTS, default=REQUESTS, metavar="NAME", help=str([*REQUESTS]))
    options = parser.parse_args()
    server, _, redis = os.environ.get("BENCH_REDIS_URL", "").rpartition("/")
    with ExitStack() as running:
        sides = []
        for number, folder in enumerate(options.checkouts):
            databases.DATABASE = f"patter_versions_{os.getpid()}_{number}"
            url = running.enter_context(databases.DATABASES[options.database]())
            redis_url = f"{server}/{int(redis) - number}" if server else ""
            sides.append(Side(folder.resolve(), url, redis_url, running))
        print(f"CPU is of the server and of the database, per request. {options.rounds} rounds.\n")
        for operation in options.only:
            compare(operation, sides, options.rounds)


if __name__ == "__main__":
    main()
