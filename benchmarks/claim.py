"""`python -m benchmarks.claim [--rows N]`: what a claim costs with a long queue, in three shapes, on both databases.

`spread`: 2,000 customers, one after the other. `deep`: 200 customers with all of it, written one customer after the
other, the worst order there is. `paused`: nearly all of it waits for a number that sends nothing.
"""

import argparse
import os
import statistics
import sys
import time
from datetime import timedelta

from benchmarks.each_database import on_each

GOAL_MS = 5.0
CLAIMS = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.claim", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", choices=["postgres", "sqlite"], help="only this one")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.rows)
    says = f"{options.rows:,} queued rows"
    pace = {"WHATSAPP_MESSAGES_PER_SECOND": "100000"}
    return on_each("benchmarks.claim", ["--rows", str(options.rows)], says=says, only=options.database, **pace)


def measure(rows: int) -> int:
    """Fill the queue in each shape, and time claims of eight and of one."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from customers.models import Customer
    from messaging.models import BusinessNumber
    from messaging.relay.outbox import Outbox
    from messaging.relay.turns import due

    def fill(customers: int, number: BusinessNumber, count: int, *, in_turn: bool) -> None:
        first = Customer.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        Customer.objects.bulk_create([Customer(first_name=f"C{n}") for n in range(customers)], batch_size=5000)
        ids = list(Customer.objects.filter(pk__gt=first).order_by("pk").values_list("pk", flat=True))
        # Round the customers in turn, or all of one's before the next one's.
        place = f"n %% {customers}" if in_turn else f"n * {customers} / {count}"
        at = connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(hours=1))
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {count}) "
                "INSERT INTO messaging_message (customer_id, business_number_id, direction, type, text, payload, "
                "reactions, status, created_at, ordered_at, attempts, not_before) "
                f"SELECT {ids[0]} + {place}, %s, 'outbound', 'text', 'hi', '{{}}', '[]', 'queued', %s, %s, 0, %s "
                "FROM counted",
                [number.pk, at, at, at],
            )
        with connection.cursor() as cursor:
            # What the shape before this one left is not this one's.
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")

    slow = 0
    for shape in ("spread", "deep", "paused"):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM messaging_message")
        number = BusinessNumber.objects.create(external_id=shape)
        if shape == "paused":
            fill(2000, number, rows, in_turn=True)
            number.paused_until = timezone.now() + timedelta(hours=1)
            number.save()
            number = BusinessNumber.objects.create(external_id="awake")
            fill(CLAIMS * 10, number, CLAIMS * 10, in_turn=True)
        else:
            fill(2000 if shape == "spread" else 200, number, rows, in_turn=shape == "spread")
        source = Outbox()
        for limit in (1, 8):
            took = []
            for _ in range(CLAIMS // limit or 1):
                started = time.perf_counter()
                jobs = source.claim(limit)
                took.append((time.perf_counter() - started) * 1000 / max(len(jobs), 1))
            median, worst = statistics.median(took), max(took)
            slow += median > GOAL_MS
            print(
                f"  {shape:7} claims of {limit}: {median:6.2f} ms a message at the median, {worst:6.2f} at most",
                flush=True,
            )
        started = time.perf_counter()
        found = len(due(8))
        print(f"  {shape:7} a look that claims nothing: {(time.perf_counter() - started) * 1000:6.2f} ms ({found} due)")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
