"""`python -m benchmarks.leaving [--customers N]`: a salesperson with many customers leaves, on both databases.

Every second customer waits for an answer. Prints the seconds of the request and the statements per hundred customers,
for a named successor and for going round among five others. The goal is a minute for 10,000 customers.
"""

import argparse
import os
import sys
import time

from benchmarks.each_database import on_each

GOAL_SECONDS = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leaving", description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.customers)
    says = f"{options.customers:,} customers"
    return on_each("benchmarks.leaving", ["--customers", str(options.customers)], says=says)


def measure(customers: int) -> int:
    """Let two salespeople with as many customers leave, one after the other."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from accounts.actions.users import update_user
    from accounts.models import User
    from customers.models import Assignment, Customer
    from messaging.models import BusinessNumber, Conversation

    def seller(name: str) -> User:
        return User.objects.create_user(name, f"{name}@desk.example", None, role="sales")

    def fill(owner: User) -> None:
        rows = Customer.objects.bulk_create((Customer(first_name=f"C{n}", owner=owner) for n in range(customers)), 5000)
        Assignment.objects.bulk_create((Assignment(customer=row, salesperson=owner) for row in rows), 5000)
        chats = (Conversation(customer=row, business_number=number, unread_count=1) for row in rows[::2])
        Conversation.objects.bulk_create(chats, 5000)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")

    settings.ASSIGNMENT_STRATEGY = "round_robin"
    number = BusinessNumber.objects.create(external_id="1001")
    admin = User.objects.create_user("ada", "ada@desk.example", None, role="admin")
    others = [seller(f"other{n}") for n in range(5)]
    slow = 0
    for name, successor in (("one successor", others[0]), ("five in turn", None)):
        leaver = seller(name.replace(" ", "-"))
        fill(leaver)
        started = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            update_user(actor=admin, user=leaver, is_active=False, hand_over_to=successor)
        seconds = time.perf_counter() - started
        assert not Customer.objects.filter(owner=leaver).exists()
        slow += seconds > GOAL_SECONDS
        print(
            f"  {name:14} {seconds:6.1f} s, {len(captured) * 100 / customers:5.1f} statements for a hundred", flush=True
        )
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
