"""A database that cannot: sockets are accepted and closed with 1011, and a frame that cannot be stored is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import InternalError, OperationalError
from django.db.backends.utils import CursorWrapper

from messaging.models import Message

pytestmark = pytest.mark.django_db(transaction=True)

READ_ONLY = psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction")


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """From the call on, statements fail: all of them, or those that `which` says."""
    plain = CursorWrapper.execute

    def begin(which: Callable[[str], bool] = lambda sql: True, cause: Exception | None = None) -> None:
        def execute(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
            if which(str(sql)):
                kind = InternalError if cause is not None else OperationalError
                raise kind("server at 10.1.2.3 is gone") from cause
            return plain(self, sql, params)

        monkeypatch.setattr(CursorWrapper, "execute", execute)

    yield begin
    monkeypatch.undo()


@pytest.mark.parametrize("path", ["/ws/inbox/", "/ws/chat/{}/"])
@pytest.mark.parametrize("table", ["accounts_session", "accounts_socketticket", "customers_customer", ""])
def test_it_is_accepted_and_closed_with_1011(
    open_socket: Any, owner: Any, token_of: Any, customer: Any, fail: Any, path: str, table: str
) -> None:
    token, ticket = (None, "?ticket=x") if table == "accounts_socketticket" else (token_of(owner), "")
    if table == "customers_customer" and "inbox" in path:
        return  # it asks for no customer
    fail(lambda sql: table in sql)

    socket = open_socket(path.format(customer.pk) + ticket, token)

    frames, code = socket.until_closed()
    assert (frames, code) == ([], 1011)


FRAMES = [
    {"type": "chat_message", "text": "hello"},
    {"type": "mark_read"},
    {"type": "typing", "is_typing": True},
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(frame["type"]))
@pytest.mark.parametrize("cause", [None, READ_ONLY], ids=["away", "read-only"])
def test_a_frame_that_cannot_be_stored_is_refused_and_the_socket_stays(
    open_socket: Any,
    owner: Any,
    token_of: Any,
    customer: Any,
    says: Any,
    fail: Any,
    monkeypatch: pytest.MonkeyPatch,
    frame: dict[str, Any],
    cause: Exception | None,
) -> None:
    says(customer)
    socket = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
    socket.read_type("recent_messages")
    fail(cause=cause)

    socket.say(**frame, client_id="mine")

    error = socket.read_type("error")["data"]
    assert (error["code"], error["client_id"]) == ("unavailable", "mine")
    assert "10.1.2.3" not in error["detail"]
    socket.say(type="ping")
    assert socket.read()["type"] == "pong"

    monkeypatch.undo()
    socket.say(type="chat_message", text="again", client_id="mine")
    assert socket.read_type("chat_message")["data"]["client_id"] == "mine"
    assert Message.objects.filter(client_id="mine").count() == 1
