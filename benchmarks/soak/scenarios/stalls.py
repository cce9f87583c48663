"""Clients who read nothing, sign-ins, phone codes and slow uploads at once: how long does everybody else wait?"""

from dataclasses import replace
from typing import Any

from benchmarks.report import percentile
from benchmarks.soak.scenario import Figures, Goal
from tests.graph_double import GraphDouble
from tests.services.disk import kept_of_strangers
from tests.services.harness import Server, Stack
from tests.services.stalls import GOALS, LIMITS, Stalls, Watched, seed, stalled, watch

KINDS = ("readers", "sign_ins", "uploads", "codes")
# What six people who did not sign in may hold: the first 64 KB of each.
KEPT_GOAL = 6 * 65_536 / 1_000_000


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 20,000 customers; 24 readers, 24 sign-ins, 8 codes against a Graph of 18 s, 20 uploads; 60 s.

    Before that each kind alone for 15 s, and six bodies of 50 MB from people who did not sign in.
    """
    stack.env.update(LIMITS)
    codes = seed(stack, customers=max(int(20_000 * scale), 2_000), codes=8)
    server, _ = stack.start()
    graph.faults.configure({"rate": 1.0, "random": [{"kind": "slow", "seconds": 18}]})
    everything = Stalls(server.url, stack.admin_token, readers=24, sign_ins=24, uploads=20, codes=codes)
    kept = round(kept_of_strangers(server, 6, 50_000_000) / 1_000_000, 1)
    figures: dict[str, Any] = {"on disk for six strangers with 50 MB each": Goal(kept, KEPT_GOAL, " MB")}
    for kind in KINDS:
        figures[f"{kind} alone"] = _slowest(_watched_among(_only(everything, kind), stack, server, 15 * scale)[0])
    watched, answers = _watched_among(everything, stack, server, 60 * scale)
    for kind, took in watched.took.items():
        p99 = round(percentile(took, 0.99) * 1000, 1)
        figures[f"{kind} N"] = len(took)
        figures[f"{kind} p99"] = Goal(p99, GOALS[kind], " ms") if kind in GOALS else f"{p99} ms"
    figures["slowest"] = _slowest(watched)
    figures["not answered with 200"] = dict(watched.refused)
    figures["slow clients"] = dict(sorted(answers.items()))
    return figures, watched.refused.total()


def _only(stalls: Stalls, kind: str) -> Stalls:
    nothing: dict[str, Any] = {"readers": 0, "sign_ins": 0, "uploads": 0, "codes": []}
    return replace(stalls, **{**nothing, kind: getattr(stalls, kind)})


def _watched_among(stalls: Stalls, stack: Stack, server: Server, seconds: float) -> tuple[Watched, dict[str, int]]:
    """Also returns what the slow clients were told."""
    with stalled(stalls) as answers:
        watched = watch(server, stack.admin_token, max(seconds, 5))
    return watched, answers


def _slowest(watched: Watched) -> str:
    return ", ".join(f"{kind} {max(took) * 1000:.0f} ms ({len(took)})" for kind, took in watched.took.items())
