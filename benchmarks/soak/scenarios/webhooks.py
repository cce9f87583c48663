"""Webhooks while the server is killed after every 50."""

from dataclasses import asdict

from benchmarks.soak.scenario import Figures
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.ingest import webhook_storm
from tests.services.meta import Meta


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 2,000 webhooks and 40 kills."""
    server, _ = stack.start()
    meta = Meta([server.url])
    number = max(int(2000 * scale), 20)
    taken = webhook_storm(stack, [server], meta, webhooks=number, kills=max(number // 50, 1), wait_leases=True)
    return asdict(taken), taken.flaws
