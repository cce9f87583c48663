"""Every place where a crash could tear something: died there once, and nothing is lost or doubled."""

from tests.graph_double import GraphDouble
from tests.services.faultpoints import REQUEST_POINTS, SEND_POINTS, FaultDrill
from tests.services.harness import Stack, wait_for
from tests.services.ingest import broken_logs, doubled, stored
from tests.services.sending import deliver_statuses


def test_dying_at_every_point(stack: Stack, graph: GraphDouble) -> None:
    drill = FaultDrill(stack, graph)
    drill.take_in(REQUEST_POINTS)
    assert stored(stack.database) == set(drill.wamids)
    drill.take_over()
    assert stored(stack.database) == set(drill.wamids)
    outcomes = drill.send(list(SEND_POINTS))
    assert dict(zip(SEND_POINTS, outcomes, strict=True)) == SEND_POINTS
    deliver_statuses(graph, drill.meta)
    # Those that never left stay uncertain: only a person may send it again.
    by_status = "SELECT status, count(*) FROM messaging_message WHERE direction = 'outbound' GROUP BY status"
    wait_for(
        "statuses to settle what was uncertain",
        lambda: dict(stack.database.query(by_status)) == {"delivered": 4, "uncertain": 2},
        30,
    )
    assert (doubled(stack.database), broken_logs(stack.database)) == (0, 0)
    assert drill.meta.server_errors == 0, drill.meta.answers
    noticed = "SELECT count(*) FROM core_installation WHERE restored_at IS NOT NULL"
    assert stack.database.value(noticed) == 0, "nobody has restored a backup"
