"""Another process takes the lock of an embedded Patter: from then on this one sends nothing, until it is free again."""

import threading
import time

import psycopg

from tests.graph_double import GraphDouble
from tests.services.harness import Stack, wait_for
from tests.services.meta import Meta
from tests.services.sending import Desk, accepted_keys, meet

KEY = 0x5061747465  # core/db/process_lock.py
# Longer than the relay takes to look for what is queued, and to notice that the lock is lost.
LONG_ENOUGH_SECONDS = 4.0


def test_whoever_lost_the_lock_sends_nothing(services: Stack, graph: GraphDouble) -> None:
    services.env["REDIS_URL"] = ""  # PostgreSQL without Redis is embedded
    server = services.server()
    server.start()
    desk = Desk(server.url, services.admin_token)
    (customer,) = meet(services, Meta([server.url]), 1)
    sent = len(accepted_keys(graph))

    with psycopg.connect(services.database.url, autocommit=True) as rival:
        waiting = threading.Thread(target=rival.execute, args=("SELECT pg_advisory_lock(%s)", [KEY]))
        waiting.start()
        locks = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = %s AND granted"
        here = services.database.value("SELECT oid FROM pg_database WHERE datname = current_database()")
        wait_for(
            "the rival to wait", lambda: services.database.query(locks.replace("AND granted", "AND NOT granted"), here)
        )
        services.database.query("SELECT pg_terminate_backend(%s)", services.database.value(locks, here))
        waiting.join(30)
        wait_for("the loss to be noticed", lambda: "process_lock" in desk.call("GET", "/readyz").json()["checks"], 30)

        desk.send(customer, "wait", "held back")
        time.sleep(LONG_ENOUGH_SECONDS)
        assert len(accepted_keys(graph)) == sent
        assert desk.call("GET", "/readyz").status_code == 503
        assert services.database.value("SELECT status FROM messaging_message WHERE client_id = 'held back'") == "queued"

    wait_for("the message to be sent", lambda: len(accepted_keys(graph)) == sent + 1, 30)
    assert desk.call("GET", "/readyz").status_code == 200
