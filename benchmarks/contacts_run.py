"""The contact benchmarks on the one, empty database of DATABASE_URL. Started by `python -m benchmarks.contacts`."""

import http.client
import json
import os
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models need the set-up
from django.db import connection  # noqa: E402

from accounts.actions.sessions import sign_in  # noqa: E402
from accounts.models import User  # noqa: E402
from benchmarks import report  # noqa: E402
from benchmarks.servers import PATTER, Server  # noqa: E402
from contacts.customers_with_contacts import stream_customers_with_contacts  # noqa: E402
from contacts.models import Contact  # noqa: E402
from customers.models import Customer  # noqa: E402

MAX_GROWTH_MIB = 50
CLIENTS = 8
CONTACTS_PER_CUSTOMER = 2


def measure(customers: int, rounds: int) -> int:
    """Return 0 when everything is as it must be."""
    token, racers = load(customers)
    print(f"## Contacts, {connection.display_name}\n\n{report.machine()}.", flush=True)
    with Server(PATTER) as server:
        good = [
            stream(server, token, customers),
            queries_per_thousand(customers),
            races(server, token, racers, rounds),
            bulk(server, token, racers[0]),
        ]
    print(flush=True)
    return 0 if all(good) else 1


def load(customers: int) -> tuple[str, list[int]]:
    """Fill the database; return an admin's access token and the ids of customers to race for."""
    call_command("migrate", verbosity=0)
    admin = User.objects.create_user("ada", "ada@desk.example", None, first_name="Ada", role="admin")
    Customer.objects.bulk_create(
        (Customer(first_name="Nimal", last_name=f"Perera {i}", username=f"nimal{i}") for i in range(customers)),
        batch_size=1000,
    )
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    Contact.objects.bulk_create((_contact(pk, n) for pk in ids for n in range(CONTACTS_PER_CUSTOMER)), batch_size=1000)
    racers = ids[:2]
    Contact.objects.bulk_create(_contact(pk, n) for pk in racers for n in range(CONTACTS_PER_CUSTOMER, CLIENTS))
    return sign_in(user=admin).access, racers


def _contact(customer_id: int, number: int) -> Any:
    address = f"{customer_id:07d}{number}"
    return Contact(
        customer_id=customer_id,
        email=f"contact{address}@example.com",
        wa_number=f"+9477{address}",
        tp_number=f"+9411{address}",
        is_primary=number == 0,
    )


def stream(server: Server, token: str, customers: int) -> bool:
    """Read all customers with their contacts, three times, and watch the server's memory."""
    _get(server, token, "/api/contacts/stats/")
    before = _rss_mib(server)
    peak, done = before, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max(peak, _rss_mib(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    bodies = [_get(server, token, "/api/customers-with-contacts/") for _ in range(3)]
    seconds = (time.perf_counter() - started) / 3
    done.set()
    watcher.join()
    rows = json.loads(bodies[0][1])["data"]
    complete = len(rows) == customers and all(row["primary_contact"] and row["contacts"] for row in rows)
    growth = peak - before
    print(
        f"stream: {len(rows):,} customers, {len(bodies[0][1]) / 2**20:.0f} MiB in {seconds:.1f} s; "
        f"memory of the server {before:.0f} MiB, at most {growth:.1f} MiB more; complete: {complete}",
        flush=True,
    )
    return complete and growth < MAX_GROWTH_MIB


def queries_per_thousand(customers: int) -> bool:
    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        for _ in stream_customers_with_contacts(User.objects.get()):
            pass
    print(f"stream: {queries} queries, {1000 * queries / customers:.2f} per thousand customers", flush=True)
    return queries <= 4 * customers / 1000 + 4


def races(server: Server, token: str, racers: list[int], rounds: int) -> bool:
    """Eight clients at once, each for a contact of its own, `rounds` times."""
    contacts = {pk: list(Contact.objects.filter(customer=pk).values_list("pk", flat=True)) for pk in racers}
    statuses: Counter[int] = Counter()
    wrong = 0
    barrier = threading.Barrier(CLIENTS)

    def post(path: str) -> int:
        barrier.wait()
        return _post(server, token, path, {})[0]

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for number in range(rounds):
            customer_id = racers[number % len(racers)]
            statuses.update(pool.map(post, [f"/api/contacts/{pk}/set-primary/" for pk in contacts[customer_id]]))
            wrong += Contact.objects.filter(customer=customer_id, is_primary=True).count() != 1
    seconds = time.perf_counter() - started
    print(
        f"set-primary: {CLIENTS} parallel x {rounds} rounds in {seconds:.0f} s; statuses {dict(statuses)}; "
        f"rounds that left other than one primary: {wrong}",
        flush=True,
    )
    return wrong == 0 and set(statuses) == {200}


def bulk(server: Server, token: str, customer_id: int) -> bool:
    items = [
        {
            "customer": customer_id,
            "email": f"bulk{n}@example.com",
            "wa_number": f"+94781{n:06d}",
            "tp_number": f"+94121{n:06d}",
        }
        for n in range(1000)
    ]
    started = time.perf_counter()
    status, body = _post(server, token, "/api/contacts/bulk-create/", {"contacts": items})
    seconds = time.perf_counter() - started
    print(f"bulk create: 1,000 contacts in {seconds:.2f} s: {status}, {json.loads(body)['message']}", flush=True)
    return status == 201


def _get(server: Server, token: str, path: str) -> tuple[int, bytes]:
    return _request(server, "GET", path, None, {"Authorization": f"Bearer {token}"})


def _post(server: Server, token: str, path: str, body: Any) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return _request(server, "POST", path, json.dumps(body), headers)


def _request(server: Server, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _rss_mib(server: Server) -> float:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(measure(int(sys.argv[1]), int(sys.argv[2])))
