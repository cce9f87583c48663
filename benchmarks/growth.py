"""`python -m benchmarks.growth [--quick] [--only WORD ...]`: what becomes slower when the desk grows, on PostgreSQL.

Asks a small desk, and then the same one grown, in process for whatever a list can be asked for. Prints the median
processor time of a request, Python and PostgreSQL together, which hardly changes when the machine has other work, and
in brackets the median by the clock. With `--only`, requests whose names contain one of these words. `--measure` fills
the empty database of DATABASE_URL, and leaves it for looking at plans.
"""

import argparse
import os
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.database_cpu import DatabaseCpu
from benchmarks.each_database import on_each

if TYPE_CHECKING:
    from benchmarks.growth_data import Desk
    from benchmarks.growth_requests import Asked

# PostgreSQL plans a prepared statement anew five times, and then decides whether it has to.
WARM_UPS, ROUNDS = 6, 9
# A slow request is asked less often, but three times.
MOST_MS = 1_000
GOAL_MS = 50.0


class Taken(NamedTuple):
    """Milliseconds of one request."""

    cpu: float
    clock: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data: does it run at all")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.quick, options.only)
    arguments = [*(["--quick"] if options.quick else []), *(["--only", *options.only] if options.only else [])]
    says = "in process, whole requests"
    return on_each("benchmarks.growth", arguments, says=says, only="postgres", ACCESS_TOKEN_MINUTES="600")


def measure(quick: bool, only: list[str]) -> int:
    """Print the table. Returns 0 whatever the figures are: goals that were missed say so."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from benchmarks import report
    from benchmarks.growth_data import Size, grow, start

    sizes = (Size(50, 550), Size(500, 5_500)) if quick else (Size(1_000, 10_000), Size(200_000, 1_100_000))
    print(f"{report.machine()}\n", flush=True)
    start()
    figures = []
    for size in sizes:
        began = time.monotonic()
        desk = grow(size)
        print(f"{size} customers / messages after {time.monotonic() - began:.0f} s", flush=True)
        figures.append(_ask(desk, only, (0, 1) if quick else (WARM_UPS, ROUNDS)))
    small, large = figures
    print(f"\n### Growth: processor ms of a request (ms by the clock), medians of {ROUNDS}\n")
    head = ("", *(f"{size} customers / messages" for size in sizes), "ratio", "goal")
    report.table(head, [_row(asked, small[asked], large[asked]) for asked in small])
    return 0


def _ask(desk: "Desk", only: list[str], turns: tuple[int, int]) -> "dict[Asked, list[Taken]]":
    from django.db import connection
    from rest_framework.test import APIClient

    from benchmarks.growth_requests import requests

    with connection.cursor() as cursor:
        # So that one session does all the work, and its processor time is all there is.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    clients = {
        name: APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", SERVER_NAME="localhost")
        for name, token in desk.tokens.items()
    }
    database = DatabaseCpu(os.environ["DATABASE_URL"])
    chosen = [(asked, paths) for asked, paths in requests(desk) if not only or any(word in asked.name for word in only)]
    return {asked: _times(clients[asked.user], paths, database, turns) for asked, paths in chosen}


def _times(client: Any, paths: list[str], database: DatabaseCpu, turns: tuple[int, int]) -> "list[Taken]":
    """What each took. The first ones warm up, and count only if they are slow."""
    warm_ups, rounds = turns
    taken: list[Taken] = []
    for turn in range(warm_ups + rounds):
        path = paths[turn % len(paths)]
        database.start()
        clock, own = time.perf_counter(), time.process_time()
        answer = client.get(path)
        spent = time.process_time() - own
        taken.append(Taken((spent + database.seconds()) * 1000, (time.perf_counter() - clock) * 1000))
        if answer.status_code != 200:
            raise SystemExit(f"{path} was answered {answer.status_code}: {answer.content[:300]!r}")
        if sum(each.cpu for each in taken) > MOST_MS and len(taken) >= 3:
            break
    return taken[warm_ups:] if len(taken) > warm_ups + 2 else taken


def _row(asked: "Asked", *sizes: "list[Taken]") -> tuple[str, ...]:
    small, large = (median(each.cpu for each in taken) for taken in sizes)
    missed = [f"<= {GOAL_MS:g} ms"] if large > GOAL_MS else []
    if asked.most_growth is not None and large / small > asked.most_growth:
        missed.append(f"<= {asked.most_growth:g} x")
    shown = f"**missed**: {', '.join(missed)}" if missed else "met"
    return f"{asked.user}: {asked.name}", *map(_shown, sizes), f"{large / small:.1f}", shown


def _shown(taken: "list[Taken]") -> str:
    n = "" if len(taken) == ROUNDS else f", N = {len(taken)}"
    return f"{median(each.cpu for each in taken):.1f} ({median(each.clock for each in taken):.0f}{n})"


if __name__ == "__main__":
    sys.exit(main())
