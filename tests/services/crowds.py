"""Many want one customer at the same moment, over HTTP and over sockets: who else notices?"""

import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.services.harness import Stack
from tests.services.ingest import drain_webhooks
from tests.services.locks import Locked, locked
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import Desk, meet

# The pause between two requests of those who have nothing to do with it.
PAUSE_SECONDS = 0.03


def crowd(stack: Stack, *, changes: int, holding: bool = True) -> Locked:
    """So many changes of one customer at once, whom somebody else holds or not, while others go on as usual."""
    server, _ = stack.start()
    meta, desk, seen = Meta([server.url], threads=8), Desk(server.url, stack.admin_token), Locked()
    held, other, *_ = meet(stack, meta, 6)
    (phone,) = (one for (one,) in stack.database.query("SELECT phone FROM customers_customer WHERE id = %s", held))
    others, over = [one for one in phones(6) if f"+{one}" != phone], Event()
    usual: list[tuple[str, Callable[[int], object]]] = [
        ("list", lambda n: desk.call("GET", "/api/customers/")),
        ("detail", lambda n: desk.call("GET", f"/api/customers/{held}/")),
        ("change of another", lambda n: desk.call("PATCH", f"/api/customers/{other}/", json={"first_name": f"B {n}"})),
        ("webhook of others", lambda n: meta.post(_message(others[n % len(others)], n))),
    ]

    def go_on(kind: str, request: Callable[[int], object]) -> None:
        number = 0
        while not over.wait(PAUSE_SECONDS):
            seen.timed(kind, lambda number=number: request(number))  # type: ignore[misc]
            number += 1

    def send(number: int) -> None:
        body = {"customer": held, "text": "together", "client_id": f"crowd{number}"}
        seen.timed("send", lambda: desk.call("POST", "/api/messages/", json=body))

    def all_at_once() -> None:
        with ThreadPoolExecutor(changes) as pool:
            for done in [pool.submit(send, number) for number in range(changes)]:
                done.result()

    with ThreadPoolExecutor(len(usual)) as pool:
        doing: list[Future[None]] = [pool.submit(go_on, *one) for one in usual]
        time.sleep(0.3)
        if holding:
            with locked(stack, held):
                all_at_once()
        else:
            all_at_once()
        over.set()
        for done in doing:
            done.result()
    drain_webhooks(stack)
    return seen


def _message(wa_id: str, number: int) -> bytes:
    return body_of(messages=[text_message(wa_id, f"wamid.usual{wa_id}.{number}")])


class Frames:
    """A socket of one chat, and the frames it got."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.until(lambda frame: frame["type"] == "recent_messages")

    def until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read until a frame is the one that is looked for, and return it."""
        while True:
            frame: dict[str, Any] = json.loads(self._connection.recv(timeout=30))
            if found(frame):
                return frame

    def say(self, client_id: str) -> tuple[dict[str, Any], float]:
        """Send a message; return the frame that says what became of it, and after how many seconds it came."""
        began = time.monotonic()
        self._connection.send(json.dumps({"type": "chat_message", "text": "hello", "client_id": client_id}))
        answer = self.until(lambda frame: (frame.get("data") or {}).get("client_id") == client_id)
        return answer, time.monotonic() - began


def crowd_of_sockets(stack: Stack, *, chats: int, each: int) -> tuple[list[tuple[dict[str, Any], float]], list[float]]:
    """Every one of `chats` customers is held, and `each` sockets write to each of them at once.

    Returns their answers, and how long messages on a socket of somebody else took meanwhile.
    """
    server, _ = stack.start()
    *held, other = meet(stack, Meta([server.url]), chats + 1)
    took: list[float] = []

    def opened(customer: int) -> Frames:
        url, token = f"ws://127.0.0.1:{server.port}/ws/chat/{customer}/", stack.admin_token
        return Frames(sockets.enter_context(connect(url, subprotocols=["bearer", token])))  # type: ignore[list-item]

    with ExitStack() as sockets:
        free, waiting = opened(other), [opened(customer) for customer in held for _ in range(each)]
        with ThreadPoolExecutor(len(waiting)) as pool, locked(stack, *held):
            doing = [pool.submit(socket.say, f"held{number}") for number, socket in enumerate(waiting)]
            while not all(one.done() for one in doing):
                answer, seconds = free.say(f"free{len(took)}")
                assert answer["type"] == "chat_message", answer
                took.append(seconds)
                time.sleep(PAUSE_SECONDS)
            answers = [one.result() for one in doing]
    return answers, took
