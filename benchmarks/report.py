"""Figures as a Markdown table: readable as it is printed, and pasted as it is into docs/benchmarks.md."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median

from django.db import connection


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def milliseconds(latencies: list[list[float]]) -> str:
    """p50 / p99 of several rounds, in ms: the median over the rounds of each."""
    p50 = median(percentile(values, 0.50) for values in latencies)
    p99 = median(percentile(values, 0.99) for values in latencies)
    return f"{p50 * 1000:.1f} / {p99 * 1000:.1f}"


@dataclass(frozen=True)
class Figure:
    """One line: what was measured, both sides, and what is asked of their ratio (None: nothing)."""

    what: str
    n: str
    patter: str
    floor: str
    ratio: float
    goal: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return "-"
        met = self.ratio <= self.goal if self.at_most else self.ratio >= self.goal
        return f"{'<=' if self.at_most else '>='} {self.goal:g}: {'met' if met else '**missed**'}"


def machine() -> str:
    return (
        f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}, {_database()}; "
        f"one worker, client on the same machine, load {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.partition(":")[2].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def _database() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW server_version")
            return f"PostgreSQL {str(cursor.fetchone()[0]).split()[0]}"
        cursor.execute("SELECT sqlite_version()")
        return f"SQLite {cursor.fetchone()[0]} (WAL, synchronous=FULL)"


def show(title: str, columns: tuple[str, str], figures: list[Figure]) -> None:
    rows = [(f.what, f.n, f.patter, f.floor, f"{f.ratio:.2f}", f.verdict) for f in figures]
    print(f"\n### {title}\n")
    table(("", "N", *columns, "ratio", "goal"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, each row when it is there."""
    for row in chain([head, ["---"] * len(head)], rows):
        print("| " + " | ".join(row) + " |", flush=True)
    print(flush=True)
