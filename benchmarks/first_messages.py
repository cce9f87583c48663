"""`python -m benchmarks.first_messages [CHECKOUT ...]`: customers who all write for the first time in the same moment.

Some server processes on PostgreSQL share their webhooks; each customer gets a salesperson. With two checkouts both are
measured, in turn. Prints how many messages were stored when the last webhook was answered, how many of their customers
had an owner by then, and how long that took; no relay runs, so what is left to it stays. BENCH_REDIS_URL says which
Redis (default: redis://127.0.0.1:6379/14).
"""

import argparse
import asyncio
import itertools
import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

os.environ.update(
    DEBUG="0",
    SECRET_KEY=secrets.token_urlsafe(60),
    WHATSAPP_ACCESS_TOKEN="",
    WHATSAPP_APP_SECRET=secrets.token_hex(16),
    WHATSAPP_SANDBOX="1",
    DJANGO_SETTINGS_MODULE="config.settings",
)

import django
import psycopg

from benchmarks import __main__ as databases
from benchmarks import load
from benchmarks.servers import PATTER, Server

SELLERS = 10
_FILL = """
import django, sys; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from accounts.models import User
for n in range(int(sys.argv[1])):
    User.objects.create_user(f"s{n}", f"s{n}@desk.example", None, role="sales")
"""
_STORED = (
    "SELECT count(*), count(c.owner_id) FROM messaging_message m JOIN customers_customer c ON c.id = m.customer_id"
)
_SPREAD = (
    "SELECT coalesce(max(n) - min(n), 0) FROM (SELECT count(*) n FROM customers_assignment GROUP BY salesperson_id) s"
)


class Side:
    """One checkout, its servers and its database."""

    def __init__(self, folder: Path, processes: int, redis_url: str, running: ExitStack) -> None:
        self.folder = folder.resolve()
        databases.DATABASE = f"patter_first_{os.getpid()}_{secrets.token_hex(2)}"
        self.url = running.enter_context(databases.DATABASES["postgres"]())
        environment = {**os.environ, "DATABASE_URL": self.url, "REDIS_URL": redis_url, "ENV_FILE": "/dev/null"}
        environment["MEDIA_ROOT"] = f"var/first-{secrets.token_hex(4)}"
        filling = [sys.executable, "-c", _FILL, str(SELLERS)]
        subprocess.run(filling, cwd=self.folder, env=environment, check=True)
        servers = [Server(PATTER, self.folder, **environment) for _ in range(processes)]
        self.ports = [running.enter_context(server).port for server in servers]
        self.rounds: list[tuple[int, int, float]] = []

    def round(self, requests: list[bytes]) -> None:
        """Post them all at once."""
        with psycopg.connect(self.url) as database:
            before = _row(database, _STORED)
            seconds = asyncio.run(self._post(requests))
            database.rollback()
            stored, owned = _row(database, _STORED)
        self.rounds.append((stored - before[0], owned - before[1], seconds))

    async def _post(self, requests: list[bytes]) -> float:
        ports = itertools.islice(itertools.cycle(self.ports), len(requests))
        connections = await asyncio.gather(*map(load.connect, ports))
        began = time.perf_counter()
        await asyncio.gather(*(one.ask(request) for one, request in zip(connections, requests, strict=True)))
        return time.perf_counter() - began

    def show(self) -> None:
        """Print what came of the rounds; the first one is a warm-up."""
        stored, owned, seconds = zip(*self.rounds[1:], strict=True)
        with psycopg.connect(self.url) as database:
            (spread,) = _row(database, _SPREAD)
        print(
            f"{self.folder.name}: stored at once {median(stored):g} ({min(stored)} to {max(stored)}), with an owner "
            f"{median(owned):g} ({min(owned)} to {max(owned)}); answered after {median(seconds):.2f} s; "
            f"who got most has {spread} more than who got fewest",
            flush=True,
        )


def _row(database: "psycopg.Connection[tuple[int, ...]]", query: str) -> tuple[int, ...]:
    row = database.execute(query).fetchone()
    assert row is not None
    return row


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_messages", description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path()])
    parser.add_argument("--customers", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    django.setup()
    from benchmarks.bodies import webhook

    Path("var").mkdir(exist_ok=True)
    redis_url, numbers = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/14"), iter(range(1, 10**6))
    with ExitStack() as running:
        sides = [Side(folder, options.processes, redis_url, running) for folder in options.checkouts]
        for turn in range(1 + options.rounds):
            requests = [webhook(next(numbers)).request for _ in range(options.customers)]
            for side in sides if turn % 2 else sides[::-1]:
                side.round(requests)
        print(f"{options.customers} customers at once, {options.processes} processes, {options.rounds} rounds")
        for side in sides:
            side.show()


if __name__ == "__main__":
    main()
