"""Writing, answering, reading, looking and handing over at once, on the same four customers."""

from benchmarks.soak.scenario import Figures, start_web
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.ingest import broken_logs
from tests.services.mixed import mixed_load
from tests.services.sending import accepted_keys


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 60 s."""
    done = mixed_load(stack, start_web(stack), seconds=max(60 * scale, 3))
    twice = len(accepted_keys(graph)) - len(set(accepted_keys(graph)))
    figures: Figures = {
        "calls": sum(done.answers.values()),
        "server_errors": done.server_errors,
        "deadlocks": done.deadlocks,
    }
    return {**figures, "twice": twice}, done.server_errors + done.deadlocks + twice + broken_logs(stack.database)
