"""Graph never holds a request, nor one customer the others. `python -m benchmarks.soak graph` is the full size."""

import httpx

from benchmarks.report import percentile
from tests.graph_double import GraphDouble
from tests.services.harness import Stack, wait_for
from tests.services.sending import Desk, queue_all
from tests.services.slow_graph import (
    DELAY_GOAL,
    GROWTH_GOAL,
    SENDERS,
    ask_for_codes,
    chats,
    delay_of_others,
    growth_by_endless_answers,
)
from tests.services.stalls import CODE, LIMITS, seed
from tests.services.test_stalls import MOST


def test_codes_hold_nobody_up(stack: Stack, graph: GraphDouble) -> None:
    stack.env.update(LIMITS)
    tokens = seed(stack, customers=100, codes=8)
    server, _ = stack.start()

    codes = ask_for_codes(stack, graph, server, tokens, slow=4, seconds=5)

    assert (codes.answers, codes.left) == ({200: 8}, 8)
    assert codes.slowest < MOST
    assert not codes.watched.refused
    slowest = {kind: percentile(took, 0.99) for kind, took in codes.watched.took.items()}
    assert max(slowest.values()) < MOST, slowest


def test_a_code_survives_kill_9(stack: Stack, graph: GraphDouble) -> None:
    """Of whatever was to send it; and nothing readable is left when it has gone."""
    stack.env.update(LIMITS)
    (token,) = seed(stack, customers=1, codes=1)
    server, (sender,) = stack.start()
    if sender is not server:
        sender.kill()

    answer = httpx.post(
        f"{server.url}{CODE}", headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
    )
    sender.kill()

    assert answer.status_code == 200
    sender.start()
    wait_for("the code to leave", lambda: graph.accepted, 90)
    state = "SELECT state, sealed FROM customers_phonecode"
    wait_for("the code to be gone", lambda: stack.database.query(state) == [("sent", "")], 30)
    assert len(graph.accepted) == 1


def test_a_code_does_not_wait_for_messages(stack: Stack, graph: GraphDouble) -> None:
    """Graph is slow, and there are enough of them to keep all senders busy for a minute."""
    stack.env.update(LIMITS)
    (token,) = seed(stack, customers=1, codes=1)
    server, _ = stack.start()
    customers = [customer for customer, _ in chats(stack, server)]
    graph.faults.configure({"rate": 1.0, "random": [{"kind": "slow", "seconds": 2}]})
    queue_all(Desk(server.url, stack.admin_token), customers, 300)

    asked = httpx.post(f"{server.url}{CODE}", headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)

    assert asked.status_code == 200
    wait_for("the code to leave", lambda: any(body["type"] == "template" for body in graph.bodies), 30)
    assert len(graph.accepted) < 200, "it waited for most of the messages"


def test_answers_that_trickle_delay_others_for_half_a_minute_at_most(services: Stack, graph: GraphDouble) -> None:
    server, _ = services.start()

    assert delay_of_others(services, graph, server) <= DELAY_GOAL


def test_answers_without_an_end_fill_no_memory(stack: Stack, graph: GraphDouble) -> None:
    server, (sender,) = stack.start()

    before, most = growth_by_endless_answers(stack, graph, server, sender)

    assert most - before <= GROWTH_GOAL
    wait_for("all answers to be hung up on", lambda: graph.cut == SENDERS, 30)
