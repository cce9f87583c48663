"""The scenarios of `python -m benchmarks.soak` are found, and run."""

import pytest

from benchmarks.soak.scenario import Goal, all_scenarios
from tests.graph_double import GraphDouble
from tests.services.harness import KINDS, Stacks

pytestmark = pytest.mark.services


def test_every_file_is_a_scenario() -> None:
    found = all_scenarios()

    assert {"webhooks", "sending", "following", "faults", "copies", "mixed", "ending"} <= set(found)
    assert all(scenario.title and set(scenario.on) <= set(KINDS) for scenario in found.values())


def test_a_goal_that_is_missed_says_so() -> None:
    assert not Goal(50, 50, " ms").missed
    assert str(Goal(51, 50, " ms")) == "51 ms (goal 50 ms, MISSED)"


def test_a_scenario_runs(stacks: Stacks) -> None:
    with GraphDouble() as graph, stacks.stack("embedded", graph.url) as stack:
        figures, flaws = all_scenarios()["copies"].run(stack, graph, 0.02)

    assert (figures["posts"], figures["messages"], flaws) == (100, 20, 0)
