"""Open sockets of a manager gain and lose chats when a team changes."""

from typing import Any

import pytest

from accounts.actions.teams import update_team
from accounts.models import Team
from customers.actions.assignments import assign
from customers.models import Customer
from messaging.desk import moves

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(open_socket: Any, token_of: Any) -> Any:
    def opened(user: Any) -> Any:
        socket = open_socket("/ws/inbox/", token_of(user))
        assert socket.read()["type"] == "ready"
        return socket

    return opened


def test_chats_of_members_reach_their_manager(
    inbox: Any, manager: Any, stranger: Any, customer: Any, says: Any
) -> None:
    managers, foreign = inbox(manager), inbox(stranger)
    says(customer, "hello")
    assert managers.read()["data"]["customer"]["id"] == customer.pk
    assert foreign.silent()
    assign(customer_id=customer.pk, salesperson=stranger, actor=None)
    gone = managers.read()
    assert (gone["type"], gone["data"]) == ("chat_gone", {"id": customer.pk})


def test_the_inbox_follows_the_team(inbox: Any, manager: Any, owner: Any, stranger: Any, customer: Any) -> None:
    theirs = Customer.objects.create(first_name="Fay", owner=stranger)
    socket = inbox(manager)
    team = Team.objects.get()

    update_team(actor=None, team=team, members=[stranger])
    gone, new = socket.read(), socket.read()
    assert (gone["type"], gone["data"]) == ("chat_gone", {"id": customer.pk})
    assert (new["type"], new["data"]["customer"]["id"]) == ("chat", theirs.pk)

    update_team(actor=None, team=team, managers=[])
    assert socket.read()["data"] == {"id": theirs.pk}
    assert socket.silent()


def test_many_chats_are_for_the_client_to_load(
    inbox: Any, manager: Any, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "MOST", 0)
    socket = inbox(manager)
    update_team(actor=None, team=Team.objects.get(), members=[])
    assert socket.read()["type"] == "resync_required"


def test_an_open_chat_closes(open_socket: Any, token_of: Any, manager: Any, customer: Any) -> None:
    socket = open_socket(f"/ws/chat/{customer.pk}/", token_of(manager))
    assert socket.read()["type"] == "ready"
    update_team(actor=None, team=Team.objects.get(), members=[])
    assert socket.close_code() == 4403
