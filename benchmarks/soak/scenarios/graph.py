"""A Graph API that takes 18 s, trickles its answers or never ends them: who waits, and how much memory it takes."""

from typing import Any

from benchmarks.report import percentile
from benchmarks.soak.scenario import Figures, Goal
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.slow_graph import (
    DELAY_GOAL,
    GROWTH_GOAL,
    ask_for_codes,
    delay_of_others,
    growth_by_endless_answers,
)
from tests.services.stalls import GOALS, LIMITS, seed


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 8 codes against a Graph of 18 s, watched for 30 s; 8 trickling and 8 endless answers."""
    stack.env.update(LIMITS)
    tokens = seed(stack, customers=2_000, codes=8)
    server, (sender,) = stack.start()
    codes = ask_for_codes(stack, graph, server, tokens, slow=18, seconds=max(30 * scale, 10))
    figures: dict[str, Any] = {
        "codes asked for": dict(codes.answers),
        "slowest answer": Goal(round(codes.slowest, 2), 1.0, " s"),
        "codes sent": codes.left,
    }
    for kind, most in GOALS.items():
        took = codes.watched.took[kind]
        figures[f"{kind} N"] = len(took)
        figures[f"{kind} p99"] = Goal(round(percentile(took, 0.99) * 1000, 1), most, " ms")
    before, most_mb = growth_by_endless_answers(stack, graph, server, sender)
    figures["memory before endless answers"] = f"{before:.0f} MB"
    figures["grew by"] = Goal(round(most_mb - before), GROWTH_GOAL, " MB")
    figures["delay of others by 8 trickling answers"] = Goal(
        round(delay_of_others(stack, graph, server), 1), DELAY_GOAL, " s"
    )
    wrong = codes.watched.refused.total() + abs(8 - codes.answers[200]) + abs(8 - codes.left)
    return figures, wrong
