"""`python -m benchmarks.known_phones [--times N]`: does the time of an answer tell whether a phone is known?

On both databases, among 20,000 chats: registers, changes a profile and adds a contact with phones that a chat customer
has, in turn with phones that nobody has. Prints the medians in milliseconds. They may differ by 5 %.
"""

import argparse
import os
import random
import secrets
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.each_database import on_each

GOAL = 0.05
CHATS = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.known_phones", description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="requests with known phones, and as many with others")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.times)
    says = f"{CHATS:,} chats, N = {options.times} on each side"
    unlimited = {"THROTTLE_REGISTER": "1000000/hour", "ALLOWED_HOSTS": "testserver"}
    return on_each("benchmarks.known_phones", ["--times", str(options.times)], says=says, **unlimited)


def measure(times: int) -> int:
    """Compare each of the three requests."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection
    from rest_framework.test import APIClient

    from accounts.actions.sessions import sign_in
    from customers.actions.registration import register
    from customers.models import Customer
    from messaging.models import BusinessNumber
    from whatsapp.models import Identity

    rows = Customer.objects.bulk_create((Customer(phone=f"+9477{n:07d}") for n in range(CHATS)), 5000)
    number = BusinessNumber.objects.create(external_id="1001")
    phones = (Identity(customer=row, business_number=number, wa_id=str(row.phone)[1:]) for row in rows)
    Identity.objects.bulk_create(phones, 5000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    own = register(username="own", email="own@example.com", password=secrets.token_urlsafe())
    assert own.user is not None
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {sign_in(user=own.user).access}")

    def registering(phone: str, mark: str) -> Any:
        password = secrets.token_urlsafe()
        login = {"username": mark, "email": f"{mark}@example.com", "password": password, "password2": password}
        return APIClient().post("/api/customers/register/", {**login, "phone": phone})

    def changing(phone: str, mark: str) -> Any:
        return client.patch("/api/customers/customers/update_profile/", {"phone": phone})

    def adding(phone: str, mark: str) -> Any:
        numbers = {"wa_number": phone, "tp_number": phone}
        return client.post("/api/contacts/", {"customer": own.pk, "email": f"{mark}@example.com", **numbers})

    requests = {"register/": registering, "update_profile/": changing, "contacts/": adding}
    return max(int(_differs(name, ask, times)) for name, ask in requests.items())


def _differs(name: str, ask: Callable[[str, str], Any], times: int) -> bool:
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    codes = set()
    for turn in range(-5, times):  # the first ones load what is loaded once
        kinds = list(took)
        random.shuffle(kinds)
        for kind in kinds:
            phone = f"+947{7 if kind == 'known' else 1}{turn + 10:07d}"
            begin = time.perf_counter()
            codes.add(ask(phone, f"{kind}{turn + 5}").status_code)
            if turn >= 0:
                took[kind].append((time.perf_counter() - begin) * 1000)
    known, unknown = (median(values) for values in took.values())
    apart = abs(known - unknown) / min(known, unknown)
    verdict = "ok" if apart <= GOAL and len(codes) == 1 else "apart"
    print(f"| {name} | {known:.2f} | {unknown:.2f} | {apart:.1%} | {verdict} |", flush=True)
    return verdict != "ok"


if __name__ == "__main__":
    sys.exit(main())
