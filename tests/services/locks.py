"""One customer's row is locked from elsewhere, as by somebody with psql: who notices?"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psycopg

from tests.services.harness import Stack
from tests.services.ingest import drain_webhooks, stored
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import Desk, meet

# Seconds within which whoever wants this customer is answered: LOCK_TIMEOUT, and one.
REFUSED_WITHIN = 4.0


@dataclass
class Locked:
    """Statuses by kind of request, and the slowest of each in seconds. Everything in `wrong` is a failure."""

    answers: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def timed(self, kind: str, request: Callable[[], object]) -> None:
        began = time.monotonic()
        answer = request()
        took = time.monotonic() - began
        status = answer.status_code if isinstance(answer, httpx.Response) else answer
        with self.guard:
            self.answers[f"{kind} {status}"] += 1
            self.slowest[kind] = max(took, self.slowest.get(kind, 0.0))


@contextmanager
def locked(stack: Stack, *customers: int) -> Iterator[None]:
    """Hold customers' rows in a transaction of somebody else's."""
    with psycopg.connect(stack.database.url) as rival:
        rival.execute("SELECT 1 FROM customers_customer WHERE id = ANY(%s) FOR UPDATE", [list(customers)])
        yield
        rival.rollback()


def hold(stack: Stack, *, seconds: float, times: int, touching: int) -> Locked:
    """Lock one customer for `seconds`, with so many requests of each kind meanwhile, evenly spread."""
    server, _ = stack.start()
    meta, desk, seen = Meta([server.url], threads=8), Desk(server.url, stack.admin_token), Locked()
    held, *_ = meet(stack, meta, 6)
    (phone,) = (one for (one,) in stack.database.query("SELECT phone FROM customers_customer WHERE id = %s", held))
    others = [one for one in phones(6) if f"+{one}" != phone]
    meta.answers.clear()
    wamids: list[str] = []

    def webhook(kind: str, wa_id: str, number: int) -> None:
        wamids.append(f"wamid.{kind}{number}")
        body = body_of(messages=[text_message(wa_id, wamids[-1])])
        seen.timed(f"webhook of {kind}", lambda: meta.post(body))

    def touch(number: int) -> None:
        path = f"/api/customers/{held}/"
        seen.timed("change", lambda: desk.call("PATCH", path, json={"first_name": f"Ann {number}"}))

    tasks: list[tuple[Callable[[int], None], int]] = [
        (lambda n: seen.timed("livez", lambda: desk.call("GET", "/livez")), times),
        (lambda n: seen.timed("readyz", lambda: desk.call("GET", "/readyz")), times),
        (lambda n: seen.timed("list", lambda: desk.call("GET", "/api/customers/")), times),
        (lambda n: seen.timed("detail", lambda: desk.call("GET", f"/api/customers/{held}/")), times),
        (lambda n: webhook("others", others[n % len(others)], n), times),
        (lambda n: webhook("the customer", phone.removeprefix("+"), n), touching),
        (touch, touching),
    ]

    def spread(task: Callable[[int], None], count: int) -> None:
        with ThreadPoolExecutor(count) as pool:
            for number in range(count):
                pool.submit(task, number).add_done_callback(lambda done: done.result())
                time.sleep(max(seconds - REFUSED_WITHIN, 0.5) / count)

    with locked(stack, held), ThreadPoolExecutor(len(tasks)) as pool:
        began = time.monotonic()
        for done in [pool.submit(spread, *task) for task in tasks]:
            done.result()
        time.sleep(max(seconds - (time.monotonic() - began), 0))
    drain_webhooks(stack)
    expected = {"livez 200", "readyz 200", "list 200", "detail 200", "change 503"}
    expected |= {"webhook of others 200", "webhook of the customer 200"}
    seen.wrong += [f"{answer}: {count}" for answer, count in seen.answers.items() if answer not in expected]
    if missing := set(wamids) - stored(stack.database):
        seen.wrong.append(f"{len(missing)} messages are missing")
    in_order = "SELECT wamid FROM messaging_message WHERE wamid LIKE 'wamid.the customer%%' ORDER BY id"
    order = [int(wamid.removeprefix("wamid.the customer")) for (wamid,) in stack.database.query(in_order)]
    if order != sorted(order):
        seen.wrong.append(f"the customer's messages are out of order: {order}")
    return seen
