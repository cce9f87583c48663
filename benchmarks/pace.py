"""`python -m benchmarks.pace [load idle slow] [--seconds 60]`: how soon things happen in Patter as it really runs.

`load`: webhooks at a fixed rate, 80 messages a second with three statuses each, on PostgreSQL and Redis with two web
processes and a relay. `idle`: from POST /api/messages/ to the request at Graph. `slow`: what a Graph that takes 30 s
does to the API. Times are taken from when a request was due, so a queue before the server shows.
"""

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load import Connection, connect
from benchmarks.machine import machine
from benchmarks.report import percentile
from tests.graph_double import GraphDouble
from tests.services.harness import KINDS, ROOT, Stack, Stacks
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, phones, signature, status_of, text_message
from tests.services.sending import Desk, drain_messages, meet

MESSAGES_PER_SECOND = 80
# How long after the message WhatsApp says so.
STATUSES = {"sent": 0.1, "delivered": 0.4, "read": 1.0}
CUSTOMERS = 200
CONNECTIONS = 32
IDLE_SENDS = 100
SLOW_SECONDS = 30

Due = tuple[float, bytes]


def load(stacks: Stacks, graph: GraphDouble, seconds: int) -> bool:
    with stacks.stack("services", graph.url) as stack:
        servers = [stack.server(), stack.server()]
        for process in (*servers, stack.relay()):
            process.start()
        meet(stack, Meta([server.url for server in servers]), CUSTOMERS)
        number = MESSAGES_PER_SECOND * seconds
        _send_before(stack, number)
        took = asyncio.run(_drive([server.port for server in servers], _schedule(number)))
        drain_webhooks(stack)
        stored = stack.database.value("SELECT count(*) FROM messaging_message WHERE wamid LIKE 'wamid.PACE%%'")
        read = stack.database.value(
            "SELECT count(*) FROM messaging_message WHERE wamid LIKE 'wamid.OUT%%' AND status = 'read'"
        )
    late = sum(second > 1 for second in took)
    p50, p95, p99 = (percentile(took, share) * 1000 for share in (0.5, 0.95, 0.99))
    met = p50 <= 250 and late < len(took) / 100 and stored == read == number
    print(
        f"load, PostgreSQL + Redis, 2 web processes: {len(took)} webhooks in {seconds} s; p50 {p50:.0f} ms, "
        f"p95 {p95:.0f} ms, p99 {p99:.0f} ms, over 1 s {late / len(took):.2%} (goals: p50 250 ms, under 1 %); "
        f"stored {stored} of {number} messages, {read} of {number} read: {_verdict(met)}",
        flush=True,
    )
    return met


def _send_before(stack: Stack, number: int) -> None:
    """Messages that WhatsApp took a moment ago, for the statuses to speak of."""
    stack.database.query(
        "INSERT INTO messaging_message (customer_id, business_number_id, direction, type, text, words, payload, "
        "reactions, status, wamid, created_at, ordered_at, attempts, not_before) "
        "SELECT c.customer_id, c.business_number_id, 'outbound', 'text', 'hi', 'hi', '{}', '[]', 'sending', "
        "'wamid.OUT' || n, now(), now(), 1, now() FROM generate_series(0, %s - 1) n JOIN "
        "(SELECT *, row_number() OVER (ORDER BY customer_id) - 1 AS place FROM messaging_conversation) c "
        "ON c.place = n %% %s",
        number,
        CUSTOMERS,
    )


def _schedule(number: int) -> list[Due]:
    senders = phones(CUSTOMERS)
    due = []
    for n in range(number):
        at = n / MESSAGES_PER_SECOND
        due.append((at, body_of(messages=[text_message(senders[n % CUSTOMERS], f"wamid.PACE{n}")])))
        due += [
            (at + after, body_of(statuses=[status_of(f"wamid.OUT{n}", name, "")])) for name, after in STATUSES.items()
        ]
    return sorted(due, key=lambda one: one[0])


def _request(body: bytes) -> bytes:
    head = (
        "POST /api/webhook/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Hub-Signature-256: {signature(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _drive(ports: Sequence[int], schedule: Sequence[Due]) -> list[float]:
    """Post each body when it is due, as soon as a connection is free; return the seconds from due to answered."""
    requests = [(at, _request(body)) for at, body in schedule]
    free: asyncio.Queue[Connection] = asyncio.Queue()
    # In turn, because keep-alive connections stay where they are: left to chance, one process may get most of them.
    for _, port in zip(range(CONNECTIONS), itertools.cycle(ports)):
        free.put_nowait(await connect(port))
    took: list[float] = []
    started = time.perf_counter() + 0.5

    async def post(due: float, request: bytes) -> None:
        connection = await free.get()
        await connection.ask(request)
        free.put_nowait(connection)
        took.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as group:
        for at, request in requests:
            await asyncio.sleep(max(started + at - time.perf_counter(), 0))
            group.create_task(post(started + at, request))
    return took


def idle(stacks: Stacks, graph: GraphDouble, seconds: int) -> bool:
    met = True
    for kind in KINDS:
        graph.accepted.clear()
        with stacks.stack(kind, graph.url) as stack:
            server, _ = stack.start()
            customers = itertools.cycle(meet(stack, Meta([server.url]), 10))
            desk = Desk(server.url, stack.admin_token)
            asked: dict[int, float] = {}
            for n in range(IDLE_SENDS):
                at = time.time()
                asked[desk.send(next(customers), "hi", f"idle{n}")["id"]] = at
                time.sleep(0.2)
            drain_messages(stack)
        messages = [one for one in graph.accepted if "status" not in one["body"]]
        took = [one["at"] - asked[int(one["body"]["biz_opaque_callback_data"])] for one in messages]
        p50, p95 = (percentile(took, share) * 1000 for share in (0.5, 0.95))
        good = len(took) == IDLE_SENDS and p95 <= 300
        print(
            f"idle, {kind}: {len(took)} sends; POST to Graph p50 {p50:.0f} ms, p95 {p95:.0f} ms (goal 300 ms): "
            f"{_verdict(good)}",
            flush=True,
        )
        met &= good
    return met


def slow(stacks: Stacks, graph: GraphDouble, seconds: int) -> bool:
    met = True
    for kind in KINDS:
        with stacks.stack(kind, graph.url) as stack:
            server, _ = stack.start()
            customers = meet(stack, Meta([server.url]), 20)
            desk = Desk(server.url, stack.admin_token)
            took: dict[str, list[float]] = {"quick": [], "slow": []}
            for turn in range(3):
                for name in took:
                    faults = {"rate": 1.0, "random": [{"kind": "slow", "seconds": SLOW_SECONDS}]}
                    graph.faults.configure(faults if name == "slow" else {"rate": 0.0})
                    for customer in customers:
                        desk.send(customer, "hi", f"{name}{turn}-{customer}")
                    time.sleep(1)
                    took[name] += _use(desk, customers)
                    graph.faults.configure({"rate": 0.0})
                    drain_messages(stack, wait_leases=True)
        quick, late = (percentile(times, 0.95) * 1000 for times in took.values())
        good = late <= quick * 1.2
        print(
            f"slow, {kind}: {len(took['slow'])} calls a side in 3 rounds; p95 {quick:.1f} ms with a quick Graph, "
            f"{late:.1f} ms with one of {SLOW_SECONDS} s, ratio {late / quick:.2f} (goal 1.2): {_verdict(good)}",
            flush=True,
        )
        met &= good
    return met


def _use(desk: Desk, customers: Sequence[int]) -> list[float]:
    """What a desk asks for, one call after the other; return the seconds each took."""
    paths = ["/api/customers/"] + [f"/api/customers/{pk}/messages/" for pk in customers]
    took = []
    for path in paths * 10:
        at = time.perf_counter()
        assert desk.call("GET", path).status_code == 200
        took.append(time.perf_counter() - at)
    return took


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"


SCENARIOS = {"load": load, "idle": idle, "slow": slow}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pace", description=__doc__)
    parser.add_argument("scenarios", nargs="*", help=f"of {', '.join(SCENARIOS)}; default: all")
    parser.add_argument("--seconds", type=int, default=60, help="how long `load` goes on")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    print(machine(), flush=True)
    folder = Path(ROOT, "var")
    folder.mkdir(exist_ok=True)
    missed = 0
    with Stacks(folder) as stacks:
        for name in options.scenarios or SCENARIOS:
            with GraphDouble() as graph:
                missed += not SCENARIOS[name](stacks, graph, options.seconds)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
