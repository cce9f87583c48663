"""A socket that is dropped and resumed misses nothing and hears nothing twice, whatever breaks behind it."""

from collections.abc import Iterator

import pytest

from tests.services.chaos import Chaos, spread
from tests.services.following import Followed, Screen
from tests.services.harness import Server, Stack, wait_for
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, text_message
from tests.services.sending import meet

PHONE = "94770000001"


class Chat:
    """One customer who writes, and a screen that follows."""

    def __init__(self, stack: Stack, server: Server, between: tuple[int, int]) -> None:
        self.meta = Meta([server.url], threads=4)
        self.stack = stack
        (self.customer,) = meet(stack, self.meta, 1)
        self.screen = Screen(server, stack.admin_token, self.customer, between=between)
        self.screen.start()
        self._written = 0

    def writes(self, count: int) -> None:
        bodies = []
        for _ in range(count):
            self._written += 1
            bodies.append(body_of(messages=[text_message(PHONE, f"wamid.CHAT{self._written}")]))
        self.meta.deliver_all(bodies)

    def settle(self) -> Followed:
        """Let the screen follow in peace until it is at the end of the log, and say what it saw."""
        drain_webhooks(self.stack)
        self.screen.quiet.set()
        head = self.stack.database.value("SELECT last_seq FROM customers_customer WHERE id = %s", self.customer)
        wait_for("the screen to see everything", lambda: self.screen.last >= head, 60)
        return self.screen.saw(head)


@pytest.fixture
def chats() -> Iterator[list[Chat]]:
    opened: list[Chat] = []
    yield opened
    for chat in opened:
        chat.screen.end()


def test_dropped_at_random_during_500_events(stack: Stack, chats: list[Chat]) -> None:
    server, _ = stack.start()
    chats.append(chat := Chat(stack, server, between=(3, 40)))
    chat.writes(500)
    saw = chat.settle()
    assert saw.drops > 5
    assert (saw.missing, saw.doubled, saw.resyncs) == (0, 0, 0), saw


def test_server_killed_meanwhile(stack: Stack, chats: list[Chat]) -> None:
    server, _ = stack.start()
    chats.append(chat := Chat(stack, server, between=(10, 60)))
    with Chaos([server], progress=lambda: chat.meta.delivered, at=spread(150, 2)) as chaos:
        chat.writes(150)
    assert chaos.kills == 2
    saw = chat.settle()
    assert (saw.missing, saw.doubled, saw.resyncs) == (0, 0, 0), saw


def test_socket_that_stays_open_hears_what_redis_lost(services: Stack, chats: list[Chat]) -> None:
    assert services.redis is not None
    server, _ = services.start()
    chats.append(chat := Chat(services, server, between=(10**9, 10**9)))
    chat.writes(20)
    services.redis.cut_connections()
    chat.writes(50)
    services.redis.kill()
    chat.writes(20)  # with Redis gone: webhooks are taken all the same
    services.redis.start()
    # And nothing more is written: no later event shows the socket that it missed some.
    saw = chat.settle()
    assert chat.screen.connections == 1
    assert (saw.missing, saw.doubled, saw.resyncs) == (0, 0, 0), saw
    assert chat.meta.server_errors == 0, chat.meta.answers
