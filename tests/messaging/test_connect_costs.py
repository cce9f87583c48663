"""What it costs to open a socket: one hand-over to a thread, and three statements at most.

When a server restarts, all screens come back in the same second.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from customers.models import Customer
from tests.live_server import Socket

pytestmark = pytest.mark.django_db(transaction=True)


class Cost:
    """The statements since `begin`, and how often anything was handed over to any thread."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.hops = 0

    def begin(self) -> None:
        self.__init__()  # type: ignore[misc]


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cost]:
    cost, execute, submit = Cost(), CursorWrapper.execute, ThreadPoolExecutor.submit

    def executed(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        cost.statements.append(str(sql))
        return execute(self, sql, params)

    def submitted(self: ThreadPoolExecutor, *args: Any, **kwargs: Any) -> Any:
        cost.hops += 1
        return submit(self, *args, **kwargs)

    monkeypatch.setattr(CursorWrapper, "execute", executed)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", submitted)
    yield cost
    monkeypatch.undo()


@pytest.fixture
def opened(open_socket: Callable[..., Socket], cost: Cost) -> Callable[..., list[str]]:
    """Open a socket as often as the threads need to have a connection, and return the types of its first frames.

    What the last time cost is in `cost`.
    """

    def opened(path: str, **options: Any) -> list[str]:
        for _ in range(3):
            cost.begin()
            socket = open_socket(path, **options)
            socket.say(type="ping")  # answered when all that opening takes has been done
            types = [socket.read()["type"]]
            while types[-1] != "pong":
                types.append(socket.read()["type"])
            socket.connection.close()
        # The one before may be gone only now.
        return [one for one in types[:-1] if one != "user_presence"]

    return opened


def test_a_chat_that_is_opened(
    opened: Any, cost: Cost, owner: User, token_of: Any, customer: Customer, says: Any
) -> None:
    says(customer)
    assert opened(f"/ws/chat/{customer.pk}/", token=token_of(owner)) == ["ready", "recent_messages"]
    assert (cost.hops, len(cost.statements)) == (1, 3), cost.statements


def test_a_chat_that_comes_back(
    opened: Any, cost: Cost, owner: User, token_of: Any, customer: Customer, says: Any
) -> None:
    for _ in range(4):
        says(customer)
    path, token = f"/ws/chat/{customer.pk}/", token_of(owner)
    assert opened(f"{path}?last_seq=1", token=token) == ["ready", *["chat_message"] * 3]
    assert (cost.hops, len(cost.statements)) == (1, 3), cost.statements
    assert opened(f"{path}?last_seq=4&token={token}") == ["ready"]
    assert (cost.hops, len(cost.statements)) == (1, 2), cost.statements


def test_an_inbox(opened: Any, cost: Cost, owner: User, token_of: Any) -> None:
    assert opened("/ws/inbox/", token=token_of(owner)) == ["ready"]
    assert (cost.hops, len(cost.statements)) == (1, 1), cost.statements


def test_strangers_cost_nothing(open_socket: Any, cost: Cost, customer: Customer, owner: User, token_of: Any) -> None:
    cost.begin()
    assert open_socket(f"/ws/chat/{customer.pk}/", "garbage").close_code() == 4401
    assert open_socket("/ws/inbox/").close_code() == 4401
    assert (cost.hops, cost.statements) == (0, [])
