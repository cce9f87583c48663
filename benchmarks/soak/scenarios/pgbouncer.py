"""Webhooks, sends and exports through PgBouncer in transaction mode: how many fail?"""

from benchmarks.soak.scenario import Figures, Goal
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.pgbouncer import ask, put_between

ON = ("services",)


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 120 webhooks, 12 sends and 12 exports of 20,000 customers."""
    put_between(stack)
    webhooks, few = max(int(120 * scale), 12), max(int(12 * scale), 3)
    through = ask(stack, webhooks=webhooks, sends=few, exports=few, customers=max(int(20_000 * scale), 2_500))
    figures: Figures = {**dict(sorted(through.answers.items())), "errors": Goal(len(through.wrong), 0)}
    return {**figures, **dict.fromkeys(through.wrong, "")}, 0
