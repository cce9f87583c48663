"""`python -m benchmarks.versions BEFORE AFTER`: two checkouts of Patter side by side, lists and webhooks.

Each has a server and a database of its own with the same data, and both are asked in turn, so that whatever slows the
machine down hits both alike. 16 connections, one server process on each side.
"""

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle
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
from benchmarks.bodies import webhooks  # noqa: E402
from benchmarks.report import milliseconds  # noqa: E402
from benchmarks.servers import PATTER, Server  # noqa: E402
from tests.services.databases import Database  # noqa: E402
from tests.services.harness import wait_for  # noqa: E402

CONNECTIONS = 16
# Run in the checkout, which knows its own tables.
_FILL = """
import django, json; django.setup()
from benchmarks.data import Size, load
desk = load(Size(customers=20_000, messages=100_000, chats=2_000))
print(json.dumps([desk.token, desk.chats]))
"""


class Side:
    """One checkout, its server and its database."""

    def __init__(self, folder: Path, url: str, running: ExitStack) -> None:
        environment = {**os.environ, "DATABASE_URL": url, "MEDIA_ROOT": f"var/versions-{secrets.token_hex(4)}"}
        filled = subprocess.run(
            [sys.executable, "-c", _FILL], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        self.token, self.chats = json.loads(filled.stdout.splitlines()[-1])
        self.database = Database(url)
        self.server = running.enter_context(Server(PATTER, folder, **environment))
        self.loads: list[load.Load] = []
        self.cpu = 0.0

    def lists(self) -> load.Load:
        """Read the first page for a second."""
        return self._run(cycle([load.get("/api/customers/", self.token)]), seconds=1.0)

    def webhooks(self) -> load.Load:
        """Deliver 300 messages. The time ends when all are stored and handled."""
        new, before = [each.request for each in webhooks(self.chats, 300)], time.perf_counter()
        done = self._run(iter(new))
        unfinished = "SELECT count(*) FROM whatsapp_webhookevent WHERE state <> 'done'"
        wait_for("the webhooks", lambda: not self.database.value(unfinished), pause=0.01)
        done.seconds = time.perf_counter() - before
        return done

    def measure(self, work: Callable[["Side"], load.Load]) -> None:
        before = self.server.cpu_seconds()
        self.loads.append(work(self))
        self.cpu += self.server.cpu_seconds() - before

    def _run(self, requests: Any, seconds: float | None = None) -> load.Load:
        return asyncio.run(load.run(self.server.port, requests, connections=CONNECTIONS, seconds=seconds))


def compare(name: str, work: Callable[[Side], load.Load], sides: list[Side], rounds: int) -> None:
    """Print rate, latency and processor time of both, and how the second compares with the first."""
    for side in sides:
        work(side)
        side.loads, side.cpu = [], 0.0
    for turn in range(rounds):
        for side in sides if turn % 2 else sides[::-1]:
            side.measure(work)
    each = []
    for side in sides:
        each.append(side.cpu / sum(len(done.latencies) for done in side.loads))
        rate = median(done.per_second for done in side.loads)
        print(f"   {rate:.0f}/s, {milliseconds([d.latencies for d in side.loads])} ms, CPU {each[-1] * 1000:.2f} ms")
    before, after = (side.loads for side in sides)
    ratio = median(new.per_second / old.per_second for new, old in zip(after, before, strict=True))
    n = sum(len(done.latencies) for done in after)
    print(f"{name}: {ratio:.3f} of the rate, {each[1] / each[0]:.3f} of the processor time; N = {n}, {rounds} rounds\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions", description=__doc__)
    parser.add_argument("checkouts", nargs=2, type=Path)
    parser.add_argument("--database", choices=sorted(databases.DATABASES), default="postgres")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with ExitStack() as running:
        sides = []
        for number, folder in enumerate(options.checkouts):
            databases.DATABASE = f"patter_versions_{os.getpid()}_{number}"
            url = running.enter_context(databases.DATABASES[options.database]())
            sides.append(Side(folder.resolve(), url, running))
        compare("list", Side.lists, sides, options.rounds)
        compare("webhooks", Side.webhooks, sides, options.rounds)


if __name__ == "__main__":
    main()
