"""`python -m benchmarks.response_times [--quick]`: what the report on response times costs, on PostgreSQL.

Asks in process for 30 days of a desk of 200,000 customers and 1,100,000 messages, by owner, by team, by number and by
day, each three times. Prints the medians of the processor time of Python and of PostgreSQL, and the memory of the
process at its peak. `--measure` uses the database of DATABASE_URL, and fills it if it is empty.
"""

import argparse
import os
import resource
import sys
import time
from datetime import timedelta
from statistics import median

from benchmarks.database_cpu import DatabaseCpu
from benchmarks.each_database import on_each

ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.response_times", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data: does it run at all")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.quick)
    says = "in process, the report of an admin"
    return on_each("benchmarks.response_times", ["--quick"] if options.quick else [], says=says, only="postgres")


def measure(quick: bool) -> int:
    """Print the table, and return 0."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command
    from django.db.models import Max

    from accounts.models import User
    from benchmarks import report
    from benchmarks.growth_data import Size, grow, start
    from messaging.desk.response_report import BY, response_rows
    from messaging.models import Message

    call_command("migrate", verbosity=0)
    if not Message.objects.exists():
        start()
        grow(Size(500, 5_500) if quick else Size(200_000, 1_100_000))
    admin = User.objects.filter(role="admin").earliest("pk")
    end = Message.objects.aggregate(at=Max("ordered_at"))["at"] + timedelta(seconds=1)
    database = DatabaseCpu(os.environ["DATABASE_URL"])
    print(f"{report.machine()}\n\n### Response times of 30 days: seconds of processor time, medians of {ROUNDS}\n")

    def asked(by: str) -> tuple[str, ...]:
        rows, python, sql = 0, [], []
        for _ in range(ROUNDS):
            database.start()
            began = time.process_time()
            rows = len(response_rows(admin, end - timedelta(days=30), end, by))
            python.append(time.process_time() - began)
            sql.append(database.seconds())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return by, str(rows), f"{median(python):.2f}", f"{median(sql):.2f}", f"{peak} MB"

    report.table(("by", "rows", "Python", "PostgreSQL", "peak"), [asked(by) for by in BY])
    return 0


if __name__ == "__main__":
    sys.exit(main())
