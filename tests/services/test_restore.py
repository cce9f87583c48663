"""A backup that was made while messages left, and is restored: with the documented commands, on both databases."""

import pytest

from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.meta import Meta
from tests.services.restoring import Drill, Operator
from tests.services.sending import Desk, accepted_keys, drain_messages, meet, queue_all


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


def test_a_backup_from_before_the_first_relay(services: Stack, graph: GraphDouble) -> None:
    operator, server, relay = Operator(services), services.server(), services.relay()
    server.start()
    customers = meet(services, Meta([server.url]), 3)
    queue_all(Desk(server.url, services.admin_token), customers, 6)
    operator.back_up()
    relay.start()
    drain_messages(services, wait_leases=True)
    for process in (server, relay):
        process.kill()
    operator.restore(by_hand=False)
    relay.start()
    drain_messages(services, wait_leases=True)

    assert len(accepted_keys(graph)) == len(set(accepted_keys(graph))) == 6
    uncertain = "SELECT count(*) FROM messaging_message WHERE status = 'uncertain'"
    assert services.database.value(uncertain) == 6
