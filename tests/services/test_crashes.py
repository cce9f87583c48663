"""kill -9 while messages come in and go out: nothing is lost, nothing happens twice."""

from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.ingest import broken_logs, webhook_storm
from tests.services.meta import Meta
from tests.services.sending import Desk, sending_storm


def test_webhooks_answered_200_survive_kills(stack: Stack) -> None:
    server, _ = stack.start()
    meta = Meta([server.url])
    taken = webhook_storm(stack, [server], meta, webhooks=150, kills=3)
    assert taken.kills == 3
    assert taken.flaws == 0, (taken, meta.answers)


def test_messages_go_out_once_and_in_order_through_kills(stack: Stack, graph: GraphDouble) -> None:
    server, senders = stack.start(relays=2)
    meta = Meta([server.url])
    desk = Desk(server.url, stack.admin_token)
    sent = sending_storm(stack, graph, desk, meta, senders, messages=100, customers=10, kills=3)
    assert sent.kills > 0
    assert sent.flaws == 0, sent
    assert broken_logs(stack.database) == 0
