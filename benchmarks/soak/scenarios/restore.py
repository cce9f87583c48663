"""A backup made while messages leave, restored when all have left: the database alone, then the files as well."""

from benchmarks.soak.scenario import Figures, Goal
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.restoring import Drill


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 24 messages, twice."""
    drill = Drill(stack, graph)
    messages = max(int(24 * scale), 12)
    turns = [drill.run(messages=messages, new_machine=new_machine) for new_machine in (False, True)]
    figures: Figures = {
        "messages": sum(turn.messages for turn in turns),
        "uncertain": sum(turn.uncertain for turn in turns),
        "sent twice": Goal(sum(turn.twice for turn in turns), 0),
        "new ones held back": Goal(sum(turn.held_back for turn in turns), 0),
        "files unreadable": Goal(sum(turn.unreadable_files for turn in turns), 0),
        "not noted": Goal(sum(turn.not_noted for turn in turns), 0),
    }
    return figures, 0
