"""`python -m benchmarks.merge [--messages N] [--contacts N] [--files N] [--rounds N] [--database postgres|sqlite]`.

Merges a customer of this size into one who has a chat of their own, and undoes it, on both databases: how long each
takes, and that nothing is lost, doubled or left behind. Exits with 1 when a median is above the goal or a row missing.
"""

import argparse
import os
import statistics
import sys
import time
from typing import Any

from benchmarks.each_database import on_each

# For the merge, and for undoing it.
GOAL_SECONDS = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.merge", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--contacts", type=int, default=200)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--database", choices=["postgres", "sqlite"], help="only this one")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options)
    says = f"{options.messages:,} messages, {options.contacts} contacts, {options.files} files, N = {options.rounds}"
    return on_each("benchmarks.merge", sys.argv[1:], says=says, only=options.database)


def measure(options: Any) -> int:
    """Load the two customers once, and merge and undo them several times."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection

    from benchmarks.merge_data import load, rows_of_both
    from customers.actions.merge import merge_customers, preview
    from customers.actions.unmerge import undo_merge

    gone, into = load(messages=options.messages, contacts=options.contacts, files=options.files)
    before = rows_of_both(gone, into)
    took: dict[str, list[float]] = {"preview": [], "merge": [], "undo": []}
    counted, wrong = {}, 0
    for _ in range(options.rounds):
        started = time.perf_counter()
        preview(gone=gone, into=into, keep={})
        took["preview"].append(time.perf_counter() - started)
        with Statements(connection) as statements:
            started = time.perf_counter()
            merge = merge_customers(gone_id=gone.pk, into_id=into.pk, actor=None)
            took["merge"].append(time.perf_counter() - started)
        counted["merge"] = statements.count
        moved = rows_of_both(gone, into)
        wrong += any(moved[name][0] | moved[name][1] != before[name][0] | before[name][1] for name in before)
        wrong += any(moved[name][0] & moved[name][1] for name in before)
        wrong += len(moved["messages"][1]) != options.messages + options.messages // 10
        with Statements(connection) as statements:
            started = time.perf_counter()
            undo_merge(merge_id=merge.pk, actor=None)
            took["undo"].append(time.perf_counter() - started)
        counted["undo"] = statements.count
        wrong += rows_of_both(gone, into) != before
    for name, times in took.items():
        statements_of = f", {counted[name]} statements" if name in counted else ""
        print(
            f"  {name:8} median {statistics.median(times):6.3f} s, slowest {max(times):6.3f} s{statements_of}",
            flush=True,
        )
    print(
        f"  {'wrong rounds: ' + str(wrong) if wrong else 'nothing lost, nothing doubled, everything back'}", flush=True
    )
    return int(wrong > 0 or max(map(statistics.median, took.values())) > GOAL_SECONDS)


class Statements:
    """Counts the statements of a block."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.count = connection, 0

    def __enter__(self) -> "Statements":
        self.wrapped = self.connection.execute_wrapper(self._count)
        self.wrapped.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.wrapped.__exit__(*error)

    def _count(self, execute: Any, *arguments: Any) -> Any:
        self.count += 1
        return execute(*arguments)


if __name__ == "__main__":
    sys.exit(main())
