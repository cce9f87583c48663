"""SIGINT and SIGTERM under load, with a socket open: seconds until the end, and what is left half sent."""

import signal
from concurrent.futures import ThreadPoolExecutor

from benchmarks.soak.scenario import Figures
from tests.graph_double import GraphDouble
from tests.services.following import Screen
from tests.services.harness import Stack, wait_for
from tests.services.meta import Meta
from tests.services.sending import OK, Desk, accepted_keys, drain_messages, meet, queue_all


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 10 ends."""
    server, (sender,) = stack.start()
    customers = meet(stack, Meta([server.url]), 20)
    screen = Screen(server, stack.admin_token, customers[0], between=(10**9, 10**9))
    screen.start()
    graph.faults.configure({"rate": 1.0, "random": [OK]})
    desk = Desk(server.url, stack.admin_token)
    half_sent, took = 0, []
    with ThreadPoolExecutor(1) as pool:
        for number in range(max(int(10 * scale), 2)):
            before = len(graph.accepted)
            queueing = pool.submit(queue_all, desk, customers, 100, 8, f"turn{number}")
            wait_for("sends to be under way", lambda before=before: len(graph.accepted) > before + 10)  # type: ignore[misc]
            took.append(sender.stop(signal.SIGINT if number % 2 else signal.SIGTERM, seconds=60))
            half_sent += stack.database.value(
                "SELECT count(*) FROM messaging_message WHERE status IN ('sending', 'uncertain')"
            )
            sender.start()
            queueing.result()
            drain_messages(stack, wait_leases=True)
    screen.end()
    figures = {"ends": len(took), "slowest_s": round(max(took), 2), "half_sent": half_sent}
    return figures, half_sent + len(accepted_keys(graph)) - len(set(accepted_keys(graph)))
