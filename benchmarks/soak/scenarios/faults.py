"""Every fault point: W1-W4, P1, P2, O1-O4."""

import random

from benchmarks.soak.scenario import Figures
from tests.graph_double import GraphDouble
from tests.services.faultpoints import REQUEST_POINTS, SEND_POINTS, FaultDrill
from tests.services.harness import Stack, wait_for
from tests.services.ingest import broken_logs, doubled, stored
from tests.services.sending import accepted_keys, deliver_statuses


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: every point 20 times."""
    rounds = max(int(20 * scale), 1)
    drill = FaultDrill(stack, graph)
    dice = random.Random(7)
    wrong = 0
    for _ in range(rounds):
        # In another order each time: which death a start recovers from, and which it runs into.
        drill.take_in(dice.sample(REQUEST_POINTS, len(REQUEST_POINTS)))
        drill.take_over()
        points = dice.sample(list(SEND_POINTS), len(SEND_POINTS))
        outcomes = zip(points, drill.send(points), strict=True)
        wrong += sum(outcome != SEND_POINTS[point] for point, outcome in outcomes)
    deliver_statuses(graph, drill.meta)
    delivered = "SELECT count(*) FROM messaging_message WHERE status = 'delivered'"
    accepted = len(set(accepted_keys(graph)))
    wait_for("statuses to be applied", lambda: stack.database.value(delivered) == accepted, 60)
    figures = {
        "points": len(REQUEST_POINTS) + 1 + len(SEND_POINTS),
        "deaths": rounds * (len(REQUEST_POINTS) + 2 + len(SEND_POINTS)),
        "missing": len(set(drill.wamids) - stored(stack.database)),
        "duplicates": doubled(stack.database) + len(accepted_keys(graph)) - accepted,
        "wrong_outcomes": wrong,
        "gaps": broken_logs(stack.database),
    }
    return figures, sum(figures[name] for name in ("missing", "duplicates", "wrong_outcomes", "gaps"))
