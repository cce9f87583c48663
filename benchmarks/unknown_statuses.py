"""`python -m benchmarks.unknown_statuses [--times N]`: how many statuses of unknown messages are taken per second?

On both databases, among 20,000 chats: bodies of 100 statuses and bodies of one, about strangers and about customers, as
when another program sends a campaign from the number. In process, with one thread. Prints the medians of five rounds.
"""

import argparse
import os
import secrets
import sys
import time
from statistics import median

from benchmarks.each_database import on_each
from benchmarks.machine import machine

GOAL = 500
# Milliseconds of processor time, with which one thread reaches the goal on a disk of its own.
GOAL_CPU = 1000 / GOAL
ROUNDS = 5
CHATS = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unknown_statuses", description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="statuses in each round")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.times)
    print(f"# {machine()}", flush=True)
    says = f"{CHATS:,} chats, {ROUNDS} x {options.times} statuses"
    return on_each("benchmarks.unknown_statuses", ["--times", str(options.times)], says=says)


def measure(times: int) -> int:
    """Take in bodies of each kind, and count what was stored."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    _fill()
    print(f"one commit: {_commit_ms(times):.2f} ms", flush=True)
    failed = False
    for who, prefix in (("strangers", "9411"), ("customers", "9477")):
        for each in (100, 1):
            _take(times, each, prefix)  # loads what is loaded once
            rates, cpus = zip(*(_take(times, each, prefix) for _ in range(ROUNDS)), strict=True)
            rate, cpu = median(rates), median(cpus)
            failed |= rate < GOAL and cpu > GOAL_CPU
            goal = f"goal {GOAL}/s, {GOAL_CPU:g} ms"
            print(f"| {who}, {each} in a body | {rate:.0f}/s | {cpu:.2f} ms | {goal} |", flush=True)
    return int(failed)


def _fill() -> None:
    from django.db import connection

    from customers.models import Customer
    from whatsapp.business_numbers import number_of
    from whatsapp.models import Identity

    number = number_of("1001")
    rows = Customer.objects.bulk_create((Customer(phone=f"+9477{n:07d}") for n in range(CHATS)), 5000)
    phones = (Identity(customer=row, business_number=number, wa_id=str(row.phone)[1:]) for row in rows)
    Identity.objects.bulk_create(phones, 5000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _take(times: int, each: int, prefix: str) -> tuple[float, float]:
    """Take in `times` statuses, `each` in a body; return how many per second, and milliseconds of processor time."""
    from messaging.models import StatusUpdate
    from whatsapp.sandbox.webhook_bodies import as_body, change, envelope, status_item
    from whatsapp.webhook.queue import WebhookQueue, receive

    relay = WebhookQueue()
    mark, before = secrets.token_hex(4), StatusUpdate.objects.count()
    items = [status_item(f"wamid.{mark}{n}", "delivered", recipient_id=f"{prefix}{n:07d}") for n in range(times)]
    groups = [items[at : at + each] for at in range(0, times, each)]
    bodies = [as_body(envelope(change("1001", "15550001111", statuses=group))) for group in groups]
    began, cpu = time.perf_counter(), time.process_time()
    for body in bodies:
        receive(body)
    while jobs := relay.claim(1):  # what a request had no time for
        relay.run(jobs[0])
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if StatusUpdate.objects.count() - before != times:
        raise RuntimeError("not all statuses were stored")
    return times / took, cpu / times * 1000


def _commit_ms(times: int) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE commits (n integer)")
        began = time.perf_counter()
        for n in range(times):
            cursor.execute("INSERT INTO commits VALUES (%s)", [n])
        took = time.perf_counter() - began
        cursor.execute("DROP TABLE commits")
    return took / times * 1000


if __name__ == "__main__":
    sys.exit(main())
