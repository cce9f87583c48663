"""The database away, frozen or restarting while messages go out, a sender killed without it, and no way to WhatsApp."""

import time

from benchmarks.soak.scenario import Figures, Goal
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.hiccups import Drill, gated


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 24 messages without the database for 12 s, 24 with a frozen one, 40 in a burst of 20 restarts, 24
    with a sender that is killed, and 60 with no way to WhatsApp for 120 s.
    """
    seconds, outage = max(12 * scale, 3.0), max(120 * scale, 6.0)
    with gated(stack, graph) as (database, way_out):
        drill = Drill(stack, graph, database, way_out, customers=20)
        seen = {"away": drill.run(24, lambda: drill.without_database(seconds))}
        if database is not None:
            seen["frozen"] = drill.run(24, lambda: drill.frozen_database(seconds))
            seen["restarts"] = drill.run(40, lambda: drill.restarts(max(int(20 * scale), 5)))
            seen["killed"] = drill.run(8, drill.dies_without_database)
        way_out.shut()

        def cut_off() -> None:
            time.sleep(outage)
            way_out.open()

        seen["cut off"] = drill.run(60, cut_off, answer_seconds=0.05)
    figures: Figures = {}
    for name, hiccup in seen.items():
        figures[f"{name}: messages"] = hiccup.messages
        for figure in ("uncertain", "failed", "unsent", "doubled", "out_of_order"):
            figures[f"{name}: {figure}"] = Goal(getattr(hiccup, figure), 0)
    return figures, 0
