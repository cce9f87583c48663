"""One customer's row is locked from elsewhere for 30 s: who notices?"""

from benchmarks.soak.scenario import Figures, Goal
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.locks import REFUSED_WITHIN, hold

ON = ("services",)
GOALS = {
    "livez": 0.05,
    "readyz": 1.0,
    "list": 1.0,
    "detail": 1.0,
    "webhook of others": 0.5,
    "webhook of the customer": 2.0,
    "change": REFUSED_WITHIN,
}


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 30 s; 30 of each kind of request, 12 changes of the customer and 12 webhooks about them."""
    seen = hold(stack, seconds=max(30 * scale, 8), times=max(int(30 * scale), 10), touching=max(int(12 * scale), 4))
    figures: Figures = dict(sorted(seen.answers.items()))
    for kind, most in GOALS.items():
        figures[f"slowest {kind}"] = Goal(round(seen.slowest[kind] * 1000), most * 1000, " ms")
    figures["wrong"] = Goal(len(seen.wrong), 0)
    return {**figures, **dict.fromkeys(seen.wrong, "")}, 0
