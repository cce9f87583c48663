"""A socket dropped and resumed at random, four times; the last two while the server is killed, too."""

from benchmarks.soak.scenario import Figures
from tests.graph_double import GraphDouble
from tests.services.chaos import Chaos
from tests.services.following import Screen
from tests.services.harness import Stack, wait_for
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import meet


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 4 x 500 events."""
    server, _ = stack.start()
    meta = Meta([server.url], threads=4)
    (customer,) = meet(stack, meta, 1)
    number = max(int(500 * scale), 50)
    figures = {"events": 0, "drops": 0, "kills": 0, "missing": 0, "doubled": 0, "resyncs": 0}
    last_seq = "SELECT last_seq FROM customers_customer WHERE id = %s"
    for turn in range(4):
        head = stack.database.value(last_seq, customer)
        screen = Screen(server, stack.admin_token, customer, between=(3, 40), since=head, seed=turn)
        screen.start()
        base = meta.delivered
        bodies = [body_of(messages=[text_message(phones(1)[0], f"wamid.TURN{turn}.{n}")]) for n in range(number)]
        moments = [base + number // 3, base + 2 * number // 3] if turn > 1 else []
        with Chaos([server], progress=lambda: meta.delivered, at=moments, seed=turn) as chaos:
            meta.deliver_all(bodies)
        drain_webhooks(stack, wait_leases=True)
        screen.quiet.set()
        head = stack.database.value(last_seq, customer)
        wait_for("the screen to see everything", lambda screen=screen, head=head: screen.last >= head, 60)  # type: ignore[misc]
        screen.end()
        saw = screen.saw(head)
        figures["events"] += number
        figures["kills"] += chaos.kills
        for name in ("drops", "missing", "doubled", "resyncs"):
            figures[name] += getattr(saw, name)
    return figures, figures["missing"] + figures["doubled"] + figures["resyncs"]
