"""The benchmarks on one database: the one DATABASE_URL names, empty. Started by `python -m benchmarks`."""

import argparse
import time

import django

django.setup()

from django.db import connection  # noqa: E402 - models need the set-up

from benchmarks import frames, lists, report, webhooks  # noqa: E402
from benchmarks.data import Size, load  # noqa: E402
from benchmarks.statements import record  # noqa: E402

FULL = Size(customers=20_000, messages=200_000, chats=2_000)
QUICK = Size(customers=2_000, messages=10_000, chats=200)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("benchmarks", nargs="+")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    size = QUICK if options.quick else FULL
    desk = load(size)
    print(f"## {connection.display_name}\n\n{report.machine()}.")
    print(f"{size.customers:,} customers, {size.messages:,} messages of {size.chats:,} of them.", flush=True)
    reads = [name for name in options.benchmarks if name in lists.GOALS]
    if reads:
        figures = lists.measure(reads, desk, rounds=1 if options.quick else 9, seconds=0.5)
        report.show(
            "Reading: requests per second, p50 / p99, processor time of the server per request",
            ("Patter", "floor"),
            figures,
        )
    # Once: it moves the ids, so that they can be told apart.
    recording = record(desk.chats[-1]) if {"webhook", "frames"} & set(options.benchmarks) else None
    if "webhook" in options.benchmarks and recording:
        figures = webhooks.measure(
            desk, recording, rounds=2 if options.quick else 5, number=200 if options.quick else 600
        )
        report.show("Webhooks: stored per second, raw body committed first", ("Patter", "floor"), figures)
    if "frames" in options.benchmarks and recording:
        crowds = (20, 100) if options.quick else (100, 1000)
        figures = frames.measure(
            desk, recording, rounds=1 if options.quick else 4, events=10 if options.quick else 150, crowds=crowds
        )
        report.show("Live: p50 / p99 over all frames", ("Patter", "floor"), figures)
    print(f"{time.monotonic() - started:.0f} s.\n")


if __name__ == "__main__":
    main()
