"""When all connections to PostgreSQL end between two requests, as when it restarts, the next request succeeds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from websockets.sync.client import connect

from tests.graph_double import GraphDouble
from tests.services.crowds import Frames
from tests.services.harness import Stack
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import Desk, accepted_keys, drain_messages, meet

# More than any lane has threads: each has a connection that ends.
AT_ONCE = 12
# As a restart does: nobody may ask before the connections have ended.
END = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def at_once(work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, range(AT_ONCE)))


def test_every_kind_of_request_succeeds_at_the_first_try(services: Stack, graph: GraphDouble) -> None:
    server, _ = services.start()
    desk, meta = Desk(server.url, services.admin_token), Meta([server.url])
    customers = meet(services, meta, AT_ONCE)
    restarts = 3

    def read(number: int) -> int:
        return desk.call("GET", f"/api/customers/{customers[number]}/").status_code

    def send(number: int, turn: int) -> int:
        body = {"customer": customers[number], "text": "hello", "client_id": f"c{turn}-{number}"}
        return desk.call("POST", "/api/messages/", json=body).status_code

    def receive(number: int, turn: int) -> int | str:
        return meta.post(body_of(messages=[text_message(phones(AT_ONCE)[number], f"wamid.T{turn}-{number}")]))

    def open_socket(number: int) -> int:
        url = f"{server.url.replace('http', 'ws')}/ws/chat/{customers[number]}/"
        with connect(url, subprotocols=["bearer", services.admin_token], open_timeout=30, legacy=True) as socket:
            Frames(socket)  # waits for the messages
        return 101

    for turn in range(restarts + 1):
        kinds: list[tuple[Callable[[int], Any], int]] = [
            (read, 200),
            (lambda number, turn=turn: send(number, turn), 201),
            (lambda number, turn=turn: receive(number, turn), 200),
            (open_socket, 101),
        ]
        for work, expected in kinds:
            assert at_once(work) == [expected] * AT_ONCE, f"turn {turn}"
            services.database.query(END)

    drain_messages(services)
    ways = services.database.query("SELECT direction, count(*) FROM messaging_message GROUP BY direction")
    wanted = AT_ONCE * (restarts + 1)
    assert dict(ways) == {"inbound": wanted + AT_ONCE, "outbound": wanted}
    bodies = "SELECT count(*) FROM whatsapp_webhookevent"
    assert services.database.value(bodies) == wanted + AT_ONCE, "each webhook is stored once"
    assert len(accepted_keys(graph)) == wanted, "each message went out once"
