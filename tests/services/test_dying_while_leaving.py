"""Dying while a salesperson's customers are handed over: the relay ends it, and nobody is handed over twice."""

import httpx
import pytest

from tests.services.harness import KINDS, Stacks, wait_for
from tests.services.sending import Desk

CUSTOMERS = 250


@pytest.mark.parametrize("kind", KINDS)
def test_dying_while_customers_are_handed_over(stacks: Stacks, kind: str) -> None:
    with stacks.stack(kind) as stack:
        leaver, successor = (person["id"] for person in stack.people["sales"])
        server, (relay,) = stack.start()
        desk = Desk(server.url, stack.admin_token)
        for number in range(CUSTOMERS):
            body = {"name": f"C{number}", "owner": leaver}
            desk.call("POST", "/api/customers/", json=body).raise_for_status()
        server.kill()
        server.launch(PATTER_FAULT="L1:kill")
        wait_for("the server to be ready", server.ready, 60)
        leaving = {"is_active": False, "hand_over_to": successor}
        with pytest.raises(httpx.HTTPError):
            desk.call("PATCH", f"/api/users/{leaver}/", json=leaving)
        assert server.wait_dead(60) == -9, server.output()[-3000:]
        owned = "SELECT count(*) FROM customers_customer WHERE owner_id = %s"
        assert 0 < stack.database.value(owned, successor) < CUSTOMERS

        relay.kill()
        server.start()
        if relay is not server:
            relay.start()
        wait_for("the rest to be handed over", lambda: stack.database.value(owned, successor) == CUSTOMERS, 90)
        events = "SELECT count(*) FROM customers_event WHERE type = 'assignment_changed'"
        opened = "SELECT count(*) FROM customers_assignment WHERE salesperson_id = %s AND ended_at IS NULL"
        assert stack.database.value(owned, leaver) == 0
        assert stack.database.value(opened, successor) == CUSTOMERS
        assert stack.database.value(events) == CUSTOMERS
