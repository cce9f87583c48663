"""Chores beside everything else: killed in the middle, done by one of several relays, and nobody waits for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.graph_double import GraphDouble
from tests.services.harness import Process, Stack, wait_for
from tests.services.meta import Meta
from tests.services.sending import OK, Desk, accepted_keys, drain_messages, meet, queue_all

OLD_EVENTS = 9_000  # five batches
_OLD = "SELECT count(*) FROM customers_event WHERE created_at < %s"


def _at(stack: Stack, when: datetime) -> Any:
    return when.replace(tzinfo=None).isoformat(" ") if stack.database.is_sqlite else when


def _age(stack: Stack, customer: int) -> Any:
    """Give a customer a long log of old events, and let the chores be due. Returns the moment before which they are."""
    now = datetime.now(UTC)
    long_ago = _at(stack, now - timedelta(days=60))
    for_ever = range(1_000_000, 1_000_000 + OLD_EVENTS)
    rows = ", ".join(f"({customer}, {seq}, 'customer_updated', '{{}}', %s)" for seq in for_ever)
    statement = f"INSERT INTO customers_event (customer_id, seq, type, data, created_at) VALUES {rows}"
    if stack.database.is_sqlite:
        statement = statement.replace("%s", f"'{long_ago}'")
        stack.database.query(statement)
    else:
        stack.database.query(statement.replace("%s", f"'{long_ago.isoformat()}'"))
    for name in ("prune", "sweep_files"):
        yesterday = _at(stack, now - timedelta(days=1))
        stack.database.query(
            "INSERT INTO core_chore (name, created_at, started_by, result, error, attempts, not_before) "
            "VALUES (%s, %s, '', '', '', 0, %s)",
            name,
            yesterday,
            yesterday,
        )
    stack.env["DAILY_CHORES"] = (now - timedelta(minutes=10)).strftime("%H:%M")
    return _at(stack, now - timedelta(days=31))


def _done(stack: Stack) -> bool:
    return bool(stack.database.value("SELECT count(*) FROM core_chore WHERE finished_at IS NOT NULL") == 2)


def test_killed_in_the_middle_it_is_done_by_the_next(stack: Stack, graph: GraphDouble) -> None:
    stack.env["DAILY_CHORES"] = "off"
    server, (sender,) = stack.start()
    customer = meet(stack, Meta([server.url]), 1)[0]
    sender.kill()
    before = _age(stack, customer)
    sender.env["DAILY_CHORES"] = stack.env["DAILY_CHORES"]

    sender.launch(PATTER_FAULT="C1:kill:2")
    assert sender.wait_dead(60) == -9
    left = stack.database.value(_OLD, before)
    assert 0 < left < OLD_EVENTS
    claimed = stack.database.query("SELECT started_by FROM core_chore WHERE claim_token IS NOT NULL")
    assert len(claimed) == 1

    stack.age_leases()
    sender.start()
    wait_for("the chores", lambda: _done(stack), 90)
    assert stack.database.value(_OLD, before) == 0
    assert f"removed {left} events" in stack.database.value("SELECT result FROM core_chore WHERE name = 'prune'")


def test_sending_goes_on_and_one_relay_does_it(stack: Stack, graph: GraphDouble) -> None:
    stack.env["DAILY_CHORES"] = "off"
    server, senders = stack.start(relays=3)
    desk, customers = Desk(server.url, stack.admin_token), meet(stack, Meta([server.url]), 5)
    for sender in senders:
        sender.stop()
    before = _age(stack, customers[0])
    for sender in senders:
        sender.env["DAILY_CHORES"] = stack.env["DAILY_CHORES"]
    graph.faults.configure({"rate": 1.0, "random": [OK]})
    _start(senders)

    queue_all(desk, customers, 50)
    drain_messages(stack, wait_leases=True)
    wait_for("the chores", lambda: _done(stack), 90)

    assert len(set(accepted_keys(graph))) == len(accepted_keys(graph)) == 50
    assert stack.database.value(_OLD, before) == 0
    logs = [sender.output() for sender in dict.fromkeys(senders)]
    assert sum(log.count(f"prune: removed {OLD_EVENTS} events") for log in logs) == 1
    assert sum(log.count("prune: ") for log in logs) == 1
    assert sum(log.count("sweep_files: ") for log in logs) == 1


def _start(senders: list[Process]) -> None:
    for sender in dict.fromkeys(senders):
        sender.launch()
    for sender in dict.fromkeys(senders):
        wait_for("the sender", sender.ready, 60)
