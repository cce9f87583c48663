"""Everybody at once on a few customers: customers write, the desk answers, reads, looks and hands over."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.services.harness import Server, Stack
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import Desk, drain_messages, meet

_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True)
class Mixed:
    """How often each kind of call got which answer."""

    answers: dict[tuple[str, int | str], int]
    deadlocks: int

    @property
    def server_errors(self) -> int:
        return sum(n for (_, answer), n in self.answers.items() if not isinstance(answer, int) or answer >= 500)


def mixed_load(stack: Stack, servers: Sequence[Server], *, seconds: float, customers: int = 4) -> Mixed:
    """Let two threads of each kind go at the same few customers, then wait until all is handled and sent."""
    meta = Meta([server.url for server in servers])
    desks = itertools.cycle([Desk(server.url, stack.admin_token) for server in servers])
    met = meet(stack, meta, customers)
    sales = [person["id"] for person in stack.people["sales"]]
    answers: Counter[tuple[str, int | str]] = Counter()
    counting = threading.Lock()
    over = time.monotonic() + seconds

    def call(method: str, path: str, **options: Any) -> int:
        with counting:
            desk = next(desks)
        return desk.call(method, path, **options).status_code

    def assign(dice: random.Random) -> int:
        body = {"customer": dice.choice(met), "salesperson": dice.choice(sales)}
        return call("POST", "/api/assignments/", json=body)

    def write(dice: random.Random) -> int | str:
        # Several customers in one body and any order: what deadlocks would be made of.
        senders = dice.sample(phones(customers), min(customers, 3))
        return meta.post(
            body_of(messages=[text_message(phone, f"wamid.MIX{dice.getrandbits(64)}") for phone in senders])
        )

    def send(dice: random.Random) -> int:
        return call("POST", "/api/messages/", json={"customer": dice.choice(met), "text": "hi"})

    def read(dice: random.Random) -> int:
        return call("POST", f"/api/customers/{dice.choice(met)}/read/")

    def look(dice: random.Random) -> int:
        return call("GET", "/api/customers/")

    def repeat(work: Callable[[random.Random], int | str], seed: int) -> None:
        dice = random.Random(seed)
        while time.monotonic() < over:
            answer = work(dice)
            with counting:
                answers[work.__name__, answer] += 1

    with ThreadPoolExecutor(10) as pool:
        kinds = (assign, write, send, read, look)
        for done in [pool.submit(repeat, work, seed) for work in kinds for seed in (1, 2)]:
            done.result()
    drain_webhooks(stack)
    drain_messages(stack)
    return Mixed(dict(answers), 0 if stack.embedded else int(stack.database.value(_DEADLOCKS)))
