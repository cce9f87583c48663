"""The same thing at the same time, over real processes."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.graph_double import GraphDouble
from tests.services.harness import Server, Stack
from tests.services.ingest import broken_logs, doubled, drain_webhooks, stored
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.mixed import mixed_load
from tests.services.sending import (
    OK,
    Desk,
    accepted_keys,
    drain_messages,
    meet,
    out_of_order,
    queue_all,
)


def servers_of(stack: Stack, relays: int = 1) -> list[Server]:
    """The one server of an embedded stack; two and their relays of the other."""
    server, _ = stack.start(relays)
    if stack.embedded:
        return [server]
    second = stack.server()
    second.start()
    return [server, second]


def at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    """Run `work(0)`, `work(1)` ... in threads that start together; return what they returned."""
    together = threading.Barrier(times)

    def run(number: int) -> Any:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_eight_first_messages_make_one_customer(stack: Stack) -> None:
    meta = Meta([server.url for server in servers_of(stack)])
    for phone in phones(12):
        bodies = [body_of(messages=[text_message(phone, f"wamid.{phone}.{number}")]) for number in range(8)]
        at_once(lambda number, bodies=bodies: meta.post(bodies[number]), 8)  # type: ignore[misc]
    drain_webhooks(stack)
    assert meta.answers == {200: 96}
    assert stack.database.value("SELECT count(*) FROM customers_customer") == 12
    assert len(stored(stack.database)) == 96
    assert (doubled(stack.database), broken_logs(stack.database)) == (0, 0)


def test_five_copies_of_each_webhook_count_once(stack: Stack) -> None:
    meta = Meta([server.url for server in servers_of(stack)], threads=16)
    bodies = [body_of(messages=[text_message(phones(10)[n % 10], f"wamid.COPY{n}")]) for n in range(60)]
    copies = bodies * 5
    random.Random(7).shuffle(copies)
    meta.post_all(copies)
    drain_webhooks(stack)
    assert meta.answers == {200: 300}
    assert stored(stack.database) == {f"wamid.COPY{n}" for n in range(60)}
    assert (doubled(stack.database), broken_logs(stack.database)) == (0, 0)


def test_one_client_id_five_times_at_once_is_one_message(stack: Stack, graph: GraphDouble) -> None:
    servers = servers_of(stack)
    desks = [Desk(server.url, stack.admin_token) for server in servers]
    (customer,) = meet(stack, Meta([servers[0].url]), 1)
    for round_number in range(10):
        body = {"customer": customer, "text": "once", "client_id": f"round{round_number}"}

        def post(number: int, body: dict[str, Any] = body) -> tuple[int, int]:
            response = desks[number % len(desks)].call("POST", "/api/messages/", json=body)
            return response.status_code, response.json()["id"]

        answers = at_once(post, 5)
        assert Counter(status for status, _ in answers) == {201: 1, 200: 4}
        assert len({message for _, message in answers}) == 1
    drain_messages(stack)
    assert len(accepted_keys(graph)) == 10


def test_two_relays_send_nothing_twice(services: Stack, graph: GraphDouble) -> None:
    server, relays = services.start(relays=2)
    customers = meet(services, Meta([server.url]), 12)
    for relay in relays:
        relay.kill()
    messages = len(queue_all(Desk(server.url, services.admin_token), customers, 240))
    graph.faults.configure({"rate": 1.0, "random": [OK]})
    for relay in relays:
        relay.launch()
    drain_messages(services)
    assert len(accepted_keys(graph)) == messages
    assert len(set(accepted_keys(graph))) == messages
    assert out_of_order(services, graph) == 0
    assert services.database.query("SELECT DISTINCT status FROM messaging_message WHERE direction = 'outbound'") == [
        ("sent",)
    ]


def test_a_second_embedded_process_is_refused_with_the_reason(stack: Stack) -> None:
    stack.env["REDIS_URL"] = ""  # PostgreSQL without Redis is embedded, too
    first, second = stack.server(), stack.server()
    first.start()
    second.launch()
    assert second.wait_dead(60) != 0
    assert "Another Patter runs on this database" in second.output()
    assert first.alive
    first.kill()
    second.start()  # whoever was killed holds nobody up


def test_everything_at_once_ends_in_no_deadlock(stack: Stack, graph: GraphDouble) -> None:
    done = mixed_load(stack, servers_of(stack, relays=2), seconds=4)
    assert done.server_errors == 0, done
    assert {("assign", 201), ("write", 200), ("send", 201), ("read", 200), ("look", 200)} <= set(done.answers), done
    assert done.deadlocks == 0
    assert broken_logs(stack.database) == 0
    assert max(Counter(accepted_keys(graph)).values()) == 1
