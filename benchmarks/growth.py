"""`python -m benchmarks.growth [--quick] [--pairs] [--only WORD ...]`: what is slower when the desk grows (PostgreSQL).

Asks a small desk, and then the same one grown, in process for whatever a list can be asked for. Prints the median
processor time of a request, Python and PostgreSQL together, which hardly changes when the machine has other work, and
in brackets the median by the clock. With `--only`, requests whose names contain one of these words. With `--pairs` also
each two filters and orderings at once, on the large desk: those that took longer than the goal. `--measure` fills the
empty database of DATABASE_URL, and leaves it for looking at plans.
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
    parser.add_argument("--pairs", action="store_true", help="also each two filters and orderings at once")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.quick, options.only, options.pairs)
    flags = [f"--{name}" for name in ("quick", "pairs") if getattr(options, name)]
    arguments = [*flags, *(["--only", *options.only] if options.only else [])]
    says = "in process, whole requests"
    return on_each("benchmarks.growth", arguments, says=says, only="postgres", ACCESS_TOKEN_MINUTES="600")


def measure(quick: bool, only: list[str], in_pairs: bool) -> int:
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
        asker = Asker(desk, only)
        figures.append(asker.figures((0, 1) if quick else (WARM_UPS, ROUNDS)))
    small, large = figures
    print(f"\n### Growth: processor ms of a request (ms by the clock), medians of {ROUNDS}\n")
    head = ("", *(f"{size} customers / messages" for size in sizes), "ratio", "goal")
    report.table(head, [_row(asked, small[asked], large[asked]) for asked in small if asked in large])
    if in_pairs:
        asker.print_slow_pairs()
    return 0


class Asker:
    """Asks a desk, as each of its users."""

    def __init__(self, desk: "Desk", only: list[str]) -> None:
        from django.db import connection
        from rest_framework.test import APIClient

        with connection.cursor() as cursor:
            # So that one session does all the work, and its processor time is all there is.
            cursor.execute("SET max_parallel_workers_per_gather = 0")
        self.desk, self.only = desk, only
        self.clients = {
            name: APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", SERVER_NAME="localhost")
            for name, token in desk.tokens.items()
        }
        self.database = DatabaseCpu(os.environ["DATABASE_URL"])

    def figures(self, turns: tuple[int, int]) -> "dict[Asked, list[Taken]]":
        """What each request took."""
        from benchmarks.growth_requests import requests

        chosen = [one for one in requests(self.desk, self._get) if self._wants(one[0])]
        return {asked: self._times(asked.user, paths, turns) for asked, paths in chosen}

    def print_slow_pairs(self) -> None:
        """Ask for each two filters at once. What takes longer than the goal is asked again, and the median counts."""
        from benchmarks import report
        from benchmarks.growth_requests import walk

        asked_for, slow = 0, []
        for asked, paths in walk(self.desk, self._get, in_pairs=True):
            if not self._wants(asked):
                continue
            asked_for += 1
            if min(one.cpu for one in self._times(asked.user, paths, (0, 2))) > GOAL_MS:
                taken = self._times(asked.user, paths, (1, ROUNDS))
                if median(one.cpu for one in taken) > GOAL_MS:
                    slow.append((f"{asked.user}: {asked.name}", _shown(taken)))
        print(f"\n### {asked_for} pairs of filters and orderings: {len(slow)} took longer than {GOAL_MS:g} ms\n")
        report.table(("", f"{self.desk.customers:,} customers"), slow)

    def _wants(self, asked: "Asked") -> bool:
        return not self.only or any(word in asked.name for word in self.only)

    def _get(self, user: str, path: str) -> Any:
        return self.clients[user].get(path)

    def _times(self, user: str, paths: list[str], turns: tuple[int, int]) -> "list[Taken]":
        """What each took. The first ones warm up, and count only if they are slow."""
        warm_ups, rounds = turns
        taken: list[Taken] = []
        for turn in range(warm_ups + rounds):
            path = paths[turn % len(paths)]
            self.database.start()
            clock, own = time.perf_counter(), time.process_time()
            answer = self._get(user, path)
            spent = time.process_time() - own
            taken.append(Taken((spent + self.database.seconds()) * 1000, (time.perf_counter() - clock) * 1000))
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
