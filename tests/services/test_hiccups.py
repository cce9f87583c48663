"""A hiccup of the database, or no way to WhatsApp, leaves nothing in doubt and fails nothing."""

import time

from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.hiccups import Drill, gated


def test_nothing_is_left_in_doubt(stack: Stack, graph: GraphDouble) -> None:
    with gated(stack, graph) as (database, way_out):
        drill = Drill(stack, graph, database, way_out, customers=12)
        assert drill.run(16, lambda: drill.without_database(4)).flaws == 0
        if database is None:
            return
        frozen = drill.run(16, lambda: drill.frozen_database(4))
        assert frozen.flaws == 0, frozen
        restarted = drill.run(24, lambda: drill.restarts(6))
        assert restarted.flaws == 0, restarted
        killed = drill.run(8, drill.dies_without_database)
        assert killed.flaws == 0, killed


def test_nothing_fails_without_a_way_to_whatsapp(stack: Stack, graph: GraphDouble) -> None:
    with gated(stack, graph) as (database, way_out):
        drill = Drill(stack, graph, database, way_out, customers=12)
        way_out.shut()

        def cut_off() -> None:
            time.sleep(8)
            kind = "SELECT pause_kind FROM messaging_businessnumber WHERE pause_kind <> ''"
            assert stack.database.query(kind) == [("unreachable",)]
            way_out.open()

        seen = drill.run(30, cut_off, answer_seconds=0.05)
        assert seen.flaws == 0, seen
