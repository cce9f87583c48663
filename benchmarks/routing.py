"""`python -m benchmarks.routing [--rivals N]`: many claim the same customers, and many customers come at once.

Half of the rivals claim, ten for each customer without an owner, half are customers who write for the first time.
Fails unless each customer has exactly one owner, and nobody was given more than one customer more than another.
"""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.each_database import on_each

THREADS = 32
SELLERS = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--rivals", type=int, default=1_000)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.rivals)
    return on_each("benchmarks.routing", ["--rivals", str(options.rivals)], says=f"{options.rivals:,} rivals")


def measure(rivals: int) -> int:
    """Claim and route in many threads, and look who has whom."""
    import django

    os.environ["SALES_SEE_UNASSIGNED"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection, transaction
    from django.http import Http404
    from django.utils import timezone

    from accounts.models import User
    from customers.actions.assignments import claim
    from customers.actions.customers import create_customer
    from customers.actions.locking import lock
    from customers.errors import AlreadyClaimed
    from customers.models import Assignment, Customer
    from messaging.actions.routing import route

    sellers = [User.objects.create_user(f"s{n}", f"s{n}@desk.example", None, role="sales") for n in range(SELLERS)]
    nobodys = [create_customer(actor=None, first_name=f"C{n}") for n in range(rivals // 2 // SELLERS)]

    def claims(customer: Customer, seller: User) -> str:
        try:
            claim(customer_id=customer.pk, actor=seller, asked_at=timezone.now())
        except AlreadyClaimed:
            return "already_claimed"
        except Http404:
            return "not found any more"
        finally:
            connection.close()
        return "won"

    def comes(number: int) -> str:
        try:
            with transaction.atomic():
                seller = route(lock(create_customer(actor=None, source="whatsapp").pk))
        finally:
            connection.close()
        return seller.username if seller is not None else "nobody"

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        told = Counter(pool.map(lambda act: act(), [partial(claims, one, by) for one in nobodys for by in sellers]))
        given = Counter(pool.map(comes, range(rivals // 2)))
    seconds = time.perf_counter() - begun

    owned = Assignment.objects.filter(ended_at=None).values_list("customer", flat=True)
    once = len(owned) == len(set(owned)) == len(nobodys) + rivals // 2
    fair = max(given.values()) - min(given.values()) <= 1 and len(given) == SELLERS
    spread = f"{min(given.values())} to {max(given.values())} each"
    print(f"{connection.vendor}: {seconds:.1f} s; claims {dict(told)}; routed {spread}")
    return 0 if once and fair and told["won"] == len(nobodys) else 1


if __name__ == "__main__":
    sys.exit(main())
