"""Patter and its peers on the one, empty database of DATABASE_URL. Started by `python -m benchmarks.peers`."""

import argparse
import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from statistics import median

import django

django.setup()

from benchmarks import load, report  # noqa: E402 - models need the set-up
from benchmarks.data import Size  # noqa: E402
from benchmarks.data import load as fill  # noqa: E402
from benchmarks.database_cpu import DatabaseCpu  # noqa: E402
from benchmarks.operations import READS, REQUESTS, WARM_UPS, WRITES, Asking  # noqa: E402
from benchmarks.peer_goals import FASTAPI_THERE, GOALS  # noqa: E402
from benchmarks.report import Figure, milliseconds, percentile  # noqa: E402
from benchmarks.servers import PATTER, Gunicorn, Server  # noqa: E402
from customers.models import Customer, Event  # noqa: E402
from messaging.models import Message  # noqa: E402
from whatsapp.models import WebhookEvent  # noqa: E402

FULL = Size(customers=20_000, messages=200_000, chats=2_000)
QUICK = Size(customers=1_000, messages=5_000, chats=200)
CONNECTIONS, CROWD = 16, 64
FLOORS = {"raw": "benchmarks.floor_raw:application", "FastAPI": "benchmarks.floor_fastapi:app"}
DRF = "benchmarks.floor_drf:application"
# What Django REST framework is asked for, too.
AS_USUAL = ("list", "one", "create")
HEAD = (
    "Requests a second, p50 / p99, processor time of a request: server + database. Ratios are of the rates, by CPU of "
    "the server's time. For goals in milliseconds, the ratio is the figure on the machine where the goal "
    "was set, by what FastAPI takes there."
)


@dataclass
class Side:
    """A server, and what its rounds gave. Processor time in seconds: of the server, of the database."""

    server: Server
    loads: list[load.Load] = field(default_factory=list)
    cpu: float = 0.0
    database: float = 0.0

    @property
    def n(self) -> int:
        return sum(len(done.latencies) for done in self.loads)

    @property
    def cpu_ms(self) -> float:
        """Processor milliseconds of the server for a request."""
        return self.cpu / self.n * 1000

    @property
    def p99(self) -> float:
        return median(percentile(done.latencies, 0.99) for done in self.loads) * 1000

    def __str__(self) -> str:
        rate = median(done.per_second for done in self.loads)
        cpu = f"CPU {self.cpu_ms:.2f} + {self.database / self.n * 1000:.2f} ms"
        return f"{rate:.0f}/s, {milliseconds([done.latencies for done in self.loads])} ms, {cpu}"


class Race:
    """Puts the same requests to several servers in turn."""

    def __init__(self, asking: Asking, rounds: int, quick: bool) -> None:
        self.asking, self.rounds = asking, rounds
        self.seconds, self.written, self.warm_ups = (0.5, 100, 20) if quick else (1.0, 2_000, WARM_UPS)
        self.database = DatabaseCpu(os.environ["DATABASE_URL"])

    def run(self, operation: str, servers: dict[str, Server], connections: int = CONNECTIONS) -> dict[str, Side]:
        sides = {name: Side(server) for name, server in servers.items()}
        requests = {name: REQUESTS[operation](self.asking) for name in servers}
        before = _stored(operation)
        for name, side in sides.items():
            self._load(side, islice(requests[name], self.warm_ups), None, connections)
        for turn in range(self.rounds):
            # Each side goes first in turn: whatever slows the machine down hits all alike.
            order = list(sides)[turn % len(sides) :] + list(sides)[: turn % len(sides)]
            for name in order:
                self._round(sides[name], requests[name], connections)
        answered = sum(self.warm_ups + side.n for side in sides.values())
        if any(after - was != answered for after, was in zip(_stored(operation), before, strict=True)):
            raise SystemExit(f"{operation}: {answered} were answered, stored were {_stored(operation)} after {before}")
        return sides

    def _round(self, side: Side, requests: Iterator[bytes], connections: int) -> None:
        self.database.start()
        before = side.server.cpu_seconds()
        side.loads.append(self._load(side, requests, self.seconds, connections))
        side.cpu += side.server.cpu_seconds() - before
        side.database += self.database.seconds()

    def _load(self, side: Side, requests: Iterator[bytes], seconds: float | None, connections: int) -> load.Load:
        return asyncio.run(load.run(side.server.port, requests, connections=connections, seconds=seconds))


def _stored(operation: str) -> list[int]:
    """How many rows there are of each table to which an operation adds one."""
    models = {"create": [Customer, Event], "send": [Message, Event], "webhook": [Message, Event, WebhookEvent]}
    return [model._default_manager.count() for model in models.get(operation, [])]


def compared(what: str, ours: Side, theirs: Side, goal: float | None) -> tuple[str, ...]:
    """A row of the table: both sides, and how many times as fast ours is, by the clock and by its processor time."""
    pairs = zip(ours.loads, theirs.loads, strict=True)
    ratio = median(mine.per_second / its.per_second for mine, its in pairs)
    figure = Figure(what, f"{ours.n} to {theirs.n}", str(ours), str(theirs), ratio, goal)
    by_cpu = f"{theirs.cpu_ms / ours.cpu_ms:.2f}"
    return what, figure.n, figure.patter, figure.floor, f"{ratio:.2f}", by_cpu, figure.verdict


def rows(operation: str, sides: dict[str, Side]) -> Iterator[tuple[str, ...]]:
    """Patter against each of the others, and what is asked of its own figures."""
    patter = sides["patter"]
    for name, side in sides.items():
        if side is not patter:
            yield compared(f"{operation}, to {name}", patter, side, GOALS.get((operation, name)))
    own = {"CPU ms of the server": patter.cpu_ms, "p99 ms": patter.p99}
    for what, value in own.items():
        if (goal := GOALS.get((operation, what))) is not None:
            here, there = sides["FastAPI"].cpu_ms, FASTAPI_THERE[operation]
            figure = Figure(f"{operation}: {what}", str(patter.n), "", "", value * there / here, goal, at_most=True)
            carried = f"FastAPI {here:.2f} ms, {there:g} there"
            yield figure.what, figure.n, f"{value:.2f}", carried, f"{figure.ratio:.2f}", "", figure.verdict


def write_before(asking: Asking, server: Server, number: int) -> None:
    """Write to the tables, so that they are what they are in use: rows that moved, pages that are not all visible."""
    for operation in WRITES:
        requests = islice(REQUESTS[operation](asking), number)
        asyncio.run(load.run(server.port, requests, connections=CONNECTIONS))


def same_answers(asking: Asking, servers: dict[str, Server]) -> None:
    """Raises unless all of them answer reads with the same rows."""
    for operation in READS:
        answers = {name: _ids(next(REQUESTS[operation](asking)), server) for name, server in servers.items()}
        if len(set(answers.values())) != 1:
            raise SystemExit(f"{operation}: not the same rows: {answers}")


def _ids(request: bytes, server: Server) -> tuple[int, ...]:
    answer = asyncio.run(load.ask(server.port, request))
    return tuple(row["id"] for row in answer.get("results", [answer]))


def one_worker(race: Race, operations: list[str]) -> Iterator[tuple[str, ...]]:
    """Every operation by one worker of Patter and of each peer, on tables that were written to."""
    with ExitStack() as running:
        servers = {"patter": running.enter_context(Server(PATTER))}
        servers |= {name: running.enter_context(Server(application)) for name, application in FLOORS.items()}
        write_before(race.asking, servers["patter"], race.written)
        same_answers(race.asking, servers)
        drf = {"DRF": running.enter_context(Gunicorn(DRF))}
        for operation in operations:
            if operation != "two":
                yield from rows(operation, race.run(operation, servers | (drf if operation in AS_USUAL else {})))


def two_workers(race: Race) -> Iterator[tuple[str, ...]]:
    """The list by two workers and by one, from 64 connections: fewer may all be taken by one of the two."""
    for name, application in {"patter": PATTER, **FLOORS}.items():
        with Server(application) as one, Server(application, workers=2) as two:
            sides = race.run("list", {"one": one, "two": two}, CROWD)
        yield compared(f"list of {name}", sides["two"], sides["one"], GOALS.get(("two", name)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("rounds", type=int)
    parser.add_argument("operations", nargs="+")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    desk = fill(size)
    asking = Asking(desk.token, desk.chats, desk.terms)
    print(f"{report.machine()}.\n{size.customers:,} customers, {size.messages:,} messages.", flush=True)
    race = Race(asking, options.rounds, options.quick)
    print(f"\n{HEAD}\n\n### Signed in, {CONNECTIONS} connections\n")
    report.table(("", "N", "Patter", "peer", "ratio", "by CPU", "goal"), one_worker(race, options.operations))
    if "two" in options.operations:
        print(f"### {CROWD} connections, two workers against one\n")
        report.table(("", "N", "two", "one", "ratio", "by CPU", "goal"), two_workers(race))


if __name__ == "__main__":
    main()
