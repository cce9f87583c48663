"""Told to end, Patter finishes what is on its way and leaves the rest for the next start."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.graph_double import GraphDouble
from tests.services.following import Screen
from tests.services.harness import Stack, wait_for
from tests.services.meta import Meta
from tests.services.sending import OK, Desk, accepted_keys, drain_messages, meet, out_of_order, queue_all

_IN_FLIGHT = "SELECT count(*) FROM messaging_message WHERE status IN ('sending', 'uncertain')"


MakeStack = Callable[[str], Stack]


@pytest.fixture(autouse=True)
def hangup() -> Iterator[None]:
    """Processes inherit an ignored SIGHUP, as when the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("kind", "signum"),
    [
        ("embedded", signal.SIGINT),
        ("embedded", signal.SIGTERM),
        ("embedded", signal.SIGHUP),
        ("services", signal.SIGTERM),
        ("services", signal.SIGHUP),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_ending_under_load_leaves_nothing_half_sent(
    make_stack: MakeStack, graph: GraphDouble, kind: str, signum: signal.Signals
) -> None:
    stack = make_stack(kind)
    server, (sender,) = stack.start()
    customers = meet(stack, Meta([server.url]), 10)
    screen = Screen(server, stack.admin_token, customers[0], between=(10**9, 10**9))
    screen.start()
    graph.faults.configure({"rate": 1.0, "random": [OK]})
    desk = Desk(server.url, stack.admin_token)
    with ThreadPoolExecutor(1) as pool:
        queueing = pool.submit(queue_all, desk, customers, 120)
        wait_for("sends to be under way", lambda: len(graph.accepted) > 10)
        sender.stop(signum, seconds=30)
        half_sent = stack.database.value(_IN_FLIGHT)
        sent_so_far = len(graph.accepted)
        sender.start()
        messages = len(queueing.result())
    drain_messages(stack)
    screen.end()
    assert half_sent == 0
    assert sent_so_far < messages  # or nothing was under way any more
    assert stack.database.value(_IN_FLIGHT) == 0
    assert sorted(accepted_keys(graph)) == sorted(set(accepted_keys(graph)))
    assert len(accepted_keys(graph)) == messages
    assert out_of_order(stack, graph) == 0


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_provider_that_does_not_answer_does_not_hold_up_the_end(
    make_stack: MakeStack, graph: GraphDouble, signum: signal.Signals
) -> None:
    stack = make_stack("embedded")
    server, _ = stack.start()
    customers = meet(stack, Meta([server.url]), 3)
    graph.faults.configure({"rate": 1.0, "random": [{"kind": "slow", "seconds": 60}]})
    queue_all(Desk(server.url, stack.admin_token), customers, 3)
    wait_for("sends to be under way", lambda: stack.database.value(_IN_FLIGHT) == 3)
    # Some 3 s; the relay's own patience with an answer is 20.
    assert server.stop(signum) < 15
    server.start()
    drain_messages(stack)
    assert stack.database.value("SELECT count(*) FROM messaging_message WHERE status = 'uncertain'") == 3


@pytest.mark.parametrize("kind", ["embedded", "services"])
def test_under_nohup_it_outlives_its_terminal(make_stack: MakeStack, kind: str) -> None:
    stack = make_stack(kind)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _, (sender,) = stack.start()
    with pytest.raises(subprocess.TimeoutExpired):
        sender.stop(signal.SIGHUP, seconds=1)
    sender.stop(signal.SIGTERM)
