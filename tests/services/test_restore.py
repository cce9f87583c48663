"""A backup that was made while messages left, and is restored: with the documented commands, on both databases."""

import pytest

from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.restoring import Drill


@pytest.mark.parametrize("new_machine", [False, True], ids=["database lost", "files lost as well"])
def test_a_restored_backup_sends_nothing_again(stack: Stack, graph: GraphDouble, new_machine: bool) -> None:
    drill = Drill(stack, graph)
    restored = drill.run(messages=24, new_machine=new_machine)

    assert restored.uncertain > 0, restored
    assert restored.flaws == 0, restored
    log = "".join(sender.output() for sender in drill.senders)
    # By hand it was said to whoever typed it.
    assert ("restored from a backup" in log) is not new_machine
    assert "after_restore first" not in log
