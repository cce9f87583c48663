"""List, detail, history and search: requests per second against a bare view behind the same authentication."""

import asyncio
import random
from collections.abc import Iterator
from itertools import cycle
from statistics import median

from benchmarks import load
from benchmarks.data import Desk
from benchmarks.report import Figure, milliseconds
from benchmarks.servers import PATTER, Server

FLOOR = "benchmarks.floor_asgi:application"
CONNECTIONS = 16
GOAL = 0.85
GOALS = {"list": GOAL, "detail": GOAL, "history": GOAL, "search": None}


def measure(names: list[str], desk: Desk, *, rounds: int, seconds: float) -> list[Figure]:
    with Server(PATTER) as patter, Server(FLOOR) as bare, Server(FLOOR, BENCH_FLOOR="stack") as stack:
        servers = {"patter": patter, "bare": bare, "stack": stack}
        figures = []
        for name in names:
            figures += asyncio.run(_measure(name, desk, servers, rounds, seconds))
    return figures


async def _measure(name: str, desk: Desk, servers: dict[str, Server], rounds: int, seconds: float) -> list[Figure]:
    results: dict[str, list[load.Load]] = {side: [] for side in servers}
    for server in servers.values():
        await load.run(server.port, _requests(name, desk), connections=CONNECTIONS, seconds=0.3)
    cpu = dict.fromkeys(servers, 0.0)
    for turn in range(rounds):
        # Each side goes first in turn: whatever slows the machine down hits all alike.
        order = list(servers)[turn % len(servers) :] + list(servers)[: turn % len(servers)]
        for side in order:
            server, before = servers[side], servers[side].cpu_seconds()
            done = await load.run(server.port, _requests(name, desk), connections=CONNECTIONS, seconds=seconds)
            cpu[side] += server.cpu_seconds() - before
            results[side].append(done)
    patter = results["patter"]
    requests = {side: sum(len(done.latencies) for done in loads) for side, loads in results.items()}
    shown = {side: _shown(results[side], cpu[side] / requests[side]) for side in servers}
    n = f"{requests['patter']} requests, {rounds} rounds"
    figures = []
    for side, what, goal in (("bare", "bare view", GOALS[name]), ("stack", "bare view + our middleware", None)):
        ratio = median(ours.per_second / floor.per_second for ours, floor in zip(patter, results[side], strict=True))
        figures.append(Figure(f"{name}, to {what}", n, shown["patter"], shown[side], ratio, goal))
    return figures


def _shown(loads: list[load.Load], cpu_seconds: float) -> str:
    rate = median(done.per_second for done in loads)
    return f"{rate:.0f}/s, {milliseconds([done.latencies for done in loads])} ms, CPU {cpu_seconds * 1000:.2f} ms"


def _requests(name: str, desk: Desk) -> Iterator[bytes]:
    ids = random.Random(2).sample(desk.chats, min(len(desk.chats), 500))
    paths = {
        "list": ["/api/customers/"],
        "detail": [f"/api/customers/{pk}/" for pk in ids],
        "history": [f"/api/customers/{pk}/messages/?page_size=50" for pk in ids],
        "search": [f"/api/customers/?search={term}" for term in desk.terms],
    }[name]
    return cycle([load.get(path, desk.token) for path in paths])
