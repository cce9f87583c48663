"""Who is in a chat that is open in several processes, when one of them is killed or Redis forgets everything."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from core.live.presence import BEAT_SECONDS, DEAD_AFTER_SECONDS
from tests.live_server import Socket
from tests.services.harness import Server, Stack, wait_for

# Until the people of a dead process are gone. The rest is slack for a busy machine.
PATIENCE = DEAD_AFTER_SECONDS + BEAT_SECONDS + 30.0

Chat = Callable[[Server, dict[str, Any]], tuple[Socket, list[int]]]


@pytest.fixture
def chat(services: Stack) -> Iterator[Chat]:
    """Open one chat on a server as a person; returns the socket and who `ready` says is there."""
    sockets: list[Socket] = []
    customer = 0

    def opened(server: Server, person: dict[str, Any]) -> tuple[Socket, list[int]]:
        nonlocal customer
        if not customer:
            bearer = {"Authorization": f"Bearer {services.admin_token}"}
            owner = services.people["sales"][0]["id"]
            url = f"{server.url}/api/customers/"
            made = httpx.post(url, json={"name": "Jane"}, headers=bearer, trust_env=False).json()["id"]
            services.database.query("UPDATE customers_customer SET owner_id = %s WHERE id = %s", owner, made)
            customer = made
        sockets.append(Socket(server, f"/ws/chat/{customer}/?token={person['token']}"))  # type: ignore[arg-type]
        present = sockets[-1].read_type("ready", PATIENCE)["data"]["present"]
        return sockets[-1], [who["id"] for who in present]

    yield opened
    for socket in sockets:
        socket.close()


def two_servers(stack: Stack) -> tuple[Server, Server]:
    servers = stack.server(), stack.server()
    for server in servers:
        server.start()
    return servers


def until_offline(socket: Socket, person: dict[str, Any]) -> None:
    while (frame := socket.read_type("user_presence", PATIENCE)["data"])["status"] != "offline":
        pass
    assert frame["user"]["id"] == person["id"]


def test_a_process_is_killed(services: Stack, chat: Chat) -> None:
    ada, sam = services.people["admin"], services.people["sales"][0]
    first, second = two_servers(services)
    watcher, present = chat(first, ada)
    assert present == []
    assert chat(second, sam)[1] == [ada["id"]]
    assert chat(first, ada)[1] == [sam["id"]]

    second.kill()

    until_offline(watcher, sam)
    assert chat(first, ada)[1] == []
    second.start()
    assert chat(second, sam)[1] == [ada["id"]]
    assert chat(first, ada)[1] == [sam["id"]]


def test_an_inbox_hears_of_it_where_nobody_is_in_a_chat(services: Stack, chat: Chat) -> None:
    ada, sam = services.people["admin"], services.people["sales"][0]
    first, second = two_servers(services)
    chat(second, sam)
    inbox = Socket(first, f"/ws/inbox/?token={ada['token']}")  # type: ignore[arg-type]
    present = inbox.read_type("ready", PATIENCE)["data"]["present"]
    assert [who["user"]["id"] for who in present] == [sam["id"]]

    second.kill()

    said = inbox.read_type("presence", PATIENCE)["data"]
    assert (said["user"]["id"], said["status"], said["customer"]) == (sam["id"], "offline", present[0]["customer"])
    inbox.close()


def test_a_new_owner_hears_who_is_there_through_another_process(services: Stack, chat: Chat) -> None:
    ada, (sam, stella) = services.people["admin"], services.people["sales"]
    first, second = two_servers(services)
    watcher, _ = chat(second, ada)
    inboxes = {who["id"]: Socket(first, f"/ws/inbox/?token={who['token']}") for who in (sam, stella)}  # type: ignore[arg-type]
    for inbox in inboxes.values():
        inbox.read_type("ready", PATIENCE)
    customer = services.database.value("SELECT max(id) FROM customers_customer")
    bearer = {"Authorization": f"Bearer {services.admin_token}"}
    body = {"customer": customer, "salesperson": stella["id"]}
    httpx.post(f"{second.url}/api/assignments/", json=body, headers=bearer, trust_env=False).raise_for_status()

    said = inboxes[stella["id"]].read_type("presence", PATIENCE)["data"]
    assert said == {"customer": customer, "user": {"id": ada["id"], "name": said["user"]["name"]}, "status": "online"}
    watcher.close()
    assert inboxes[stella["id"]].read_type("presence", PATIENCE)["data"]["status"] == "offline"
    inboxes[sam["id"]].read_type("chat_gone", PATIENCE)
    inboxes[sam["id"]].say(type="ping")
    while (frame := inboxes[sam["id"]].read())["type"] != "pong":
        assert frame["type"] != "presence"
    for inbox in inboxes.values():
        inbox.close()


def test_who_is_still_here_through_another_process(services: Stack, chat: Chat) -> None:
    ada, sam = services.people["admin"], services.people["sales"][0]
    first, second = two_servers(services)
    watcher, _ = chat(first, ada)
    chat(first, sam)
    chat(second, sam)

    second.kill()

    until_offline(watcher, sam)
    assert watcher.read_type("user_presence", PATIENCE)["data"]["status"] == "online"
    assert chat(first, ada)[1] == [sam["id"]]


def test_redis_forgets_everything(services: Stack, chat: Chat) -> None:
    ada, sam = services.people["admin"], services.people["sales"][0]
    first, second = two_servers(services)
    chat(first, ada)
    assert chat(second, sam)[1] == [ada["id"]]
    assert services.redis is not None

    services.redis.kill()
    assert chat(second, sam)[1] == [], "with Redis gone, a process knows its own people"
    assert chat(first, ada)[1] == []
    services.redis.start()

    wait_for(
        "both to be seen again", lambda: chat(first, ada)[1] == [sam["id"]] and chat(second, sam)[1] == [ada["id"]]
    )
