"""Clients who read nothing, sign-ins, phone codes and slow uploads at once: how long does everybody else wait?"""

from typing import Any

from benchmarks.report import percentile
from benchmarks.soak.scenario import Figures, Goal
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.stalls import GOALS, LIMITS, Stalls, seed, stalled, watch


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 20,000 customers; 24 readers, 24 sign-ins, 8 codes against a Graph of 18 s, 20 uploads; 60 s."""
    stack.env.update(LIMITS)
    codes = seed(stack, customers=max(int(20_000 * scale), 2_000), codes=8)
    server, _ = stack.start()
    graph.faults.configure({"rate": 1.0, "random": [{"kind": "slow", "seconds": 18}]})
    stalls = Stalls(server.url, stack.admin_token, readers=24, sign_ins=24, uploads=20, codes=codes)
    with stalled(stalls) as answers:
        watched = watch(server, stack.admin_token, max(60 * scale, 10))
    figures: dict[str, Any] = {}
    for kind, most in GOALS.items():
        took = watched.took[kind]
        figures[f"{kind} N"] = len(took)
        figures[f"{kind} p99"] = Goal(round(percentile(took, 0.99) * 1000, 1), most, " ms")
        figures[f"{kind} slowest"] = f"{max(took) * 1000:.0f} ms"
    figures["not answered with 200"] = dict(watched.refused)
    figures["slow clients"] = dict(sorted(answers.items()))
    return figures, watched.refused.total()
