"""Messages out while what sends is killed every second, and Graph fails one time in seven or drops answers."""

from dataclasses import asdict

from benchmarks.soak.scenario import Figures
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.ingest import broken_logs
from tests.services.meta import Meta
from tests.services.sending import Desk, sending_storm


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 1,000 messages to 50 customers."""
    server, senders = stack.start(relays=2)
    number = max(int(1000 * scale), 50)
    sent = sending_storm(
        stack,
        graph,
        Desk(server.url, stack.admin_token),
        Meta([server.url]),
        senders,
        messages=number,
        customers=min(50, number // 5),
        kills=10_000,
        wait_leases=True,
    )
    return asdict(sent), sent.flaws + broken_logs(stack.database)
