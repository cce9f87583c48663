"""Who writes for the first time gets a salesperson last of all, or soon if others hold the salespeople meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from customers.models import Customer, Event
from messaging.actions import routing
from messaging.models import Message, PendingRoute
from messaging.relay.routes import Routes
from tests.core.rivals import holding
from tests.webhooks import says, text
from whatsapp.models import WebhookEvent, WebhookState

ANN, BOB = "94770000001", "94770000002"


def relay() -> None:
    routes = Routes()
    for job in routes.claim(Routes.workers):
        routes.run(job)


def kept(wamid: str) -> Customer:
    """The customer of a message that was stored, by a webhook that is done."""
    assert not WebhookEvent.objects.exclude(state=WebhookState.DONE).exists()
    return Message.objects.get(wamid=wamid).customer


@pytest.mark.django_db
class TestSalespeopleAreBusy:
    @pytest.fixture
    def busy(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
        def held(**options: Any) -> Any:
            raise OperationalError("database is locked")

        with monkeypatch.context() as patch:
            patch.setattr(routing, "Turns", held)
            yield patch

    def test_the_relay_routes(self, post: Any, owner: User, busy: pytest.MonkeyPatch) -> None:
        assert post(says(text("wamid.1", wa_id=ANN))).status_code == 200
        customer = kept("wamid.1")
        assert (customer.owner, PendingRoute.objects.get().customer) == (None, customer)
        busy.undo()
        relay()
        customer.refresh_from_db()
        assert (customer.owner, PendingRoute.objects.exists()) == (owner, False)

    def test_what_they_write_meanwhile(self, post: Any, owner: User, busy: pytest.MonkeyPatch) -> None:
        post(says(text("wamid.1", wa_id=ANN)))
        busy.undo()
        post(says(text("wamid.2", wa_id=ANN)))
        assert kept("wamid.1").owner == owner
        relay()
        assert not PendingRoute.objects.exists()
        assert list(Event.objects.order_by("seq").values_list("type", flat=True)).count("assignment_changed") == 1

    def test_any_other_trouble_is_one(self, post: Any, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(**options: Any) -> Any:
            raise OperationalError("the disk is full")

        monkeypatch.setattr(routing, "Turns", broken)
        post(says(text("wamid.1", wa_id=ANN)))
        assert not Message.objects.exists()
        assert WebhookEvent.objects.get().state != WebhookState.DONE


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="locks rows")
@pytest.mark.django_db(transaction=True)
class TestRows:
    def test_somebody_holds_a_salesperson(self, post: Any, owner: User, settings: Any) -> None:
        settings.WEBHOOK_LOCK_TIMEOUT = 0.2
        with holding("accounts_user", owner.pk):
            assert post(says(text("wamid.1", wa_id=ANN), text("wamid.2", wa_id=BOB))).status_code == 200
            assert [kept(wamid).owner for wamid in ("wamid.1", "wamid.2")] == [None, None]
        relay()
        assert [kept(wamid).owner for wamid in ("wamid.1", "wamid.2")] == [owner, owner]

    def test_what_is_done_while_all_salespeople_are_locked(self, post: Any, owner: User) -> None:
        with CaptureQueriesContext(connection) as asked:
            post(says(text("wamid.1", wa_id=ANN)))
        statements = [one["sql"] for one in asked.captured_queries]
        locked = max(n for n, sql in enumerate(statements) if "FOR NO KEY UPDATE" in sql and "accounts_user" in sql)
        assert [sql for sql in statements[locked:] if "messaging_message" in sql] == []
        # Whose turn it is, two for the assignment, its event, the savepoint and the commit.
        assert len(statements[locked + 1 :]) <= 6, statements[locked:]


@pytest.mark.django_db(transaction=True)
def test_the_owner_hears_of_it(post: Any, owner: User, admin: User, open_socket: Any, token_of: Any) -> None:
    inbox = open_socket("/ws/inbox/", token_of(owner))
    assert inbox.read()["type"] == "ready"
    post(says(text("wamid.1", wa_id=ANN)))
    row = inbox.read_type("chat")["data"]["customer"]
    customer = kept("wamid.1")
    assert (row["id"], row["owner"]["id"], row["unread_count"]) == (customer.pk, owner.pk, 1)
    types = list(Event.objects.order_by("seq").values_list("type", flat=True))
    assert types.index("chat_message") < types.index("assignment_changed")
    chat = open_socket(f"/ws/chat/{customer.pk}/?last_seq=0", token_of(owner))
    assert [chat.read_type(kind)["seq"] for kind in types[:1]] == [1]
