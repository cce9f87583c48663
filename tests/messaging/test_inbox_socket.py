"""ws/inbox/"""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from customers.actions.assignments import assign
from messaging.consumers import inbox_counts
from tests.media_files import picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(open_socket: Any, token_of: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(inbox_counts, "PAUSE_SECONDS", 600)  # they have a test of their own

    def opened(user: Any) -> Any:
        socket = open_socket("/ws/inbox/", token_of(user))
        assert socket.read()["type"] == "ready"
        return socket

    return opened


def test_a_changed_chat_is_the_row_of_the_desk(
    inbox: Any, as_owner: Any, owner: Any, admin: Any, stranger: Any, customer: Any, says: Any
) -> None:
    mine, admins, foreign = inbox(owner), inbox(admin), inbox(stranger)
    says(customer, "hello")
    frame = mine.read()
    assert (frame["type"], "seq" in frame) == ("chat", False)
    row = as_owner.get(f"/api/customers/{customer.pk}/").json()
    assert frame["data"] == {"customer": row}
    assert (row["unread_count"], row["last_message"]["text"]) == (1, "hello")
    assert admins.read()["data"]["customer"]["id"] == customer.pk
    assert foreign.silent()


def test_a_picture_has_a_link_for_each_reader(
    inbox: Any, owner: Any, admin: Any, customer: Any, says: Any, client: Any
) -> None:
    customer.avatar.save("me.png", ContentFile(picture("PNG")))
    mine, admins = inbox(owner), inbox(admin)
    says(customer, "hello")

    links = [socket.read()["data"]["customer"]["avatar"] for socket in (mine, admins)]
    assert links[0] != links[1]
    assert [client.get(link).status_code for link in links] == [200, 200]


def test_a_new_customer_appears(inbox: Any, as_owner: Any, owner: Any, stranger: Any) -> None:
    mine, foreign = inbox(owner), inbox(stranger)
    pk = as_owner.post("/api/customers/", {"name": "New Person"}).json()["id"]
    assert mine.read()["data"]["customer"]["id"] == pk
    assert foreign.silent()


def test_a_chat_that_changes_hands(inbox: Any, owner: Any, admin: Any, stranger: Any, customer: Any) -> None:
    old, new, admins = inbox(owner), inbox(stranger), inbox(admin)
    assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
    gone = old.read()
    assert (gone["type"], gone["data"]) == ("chat_gone", {"id": customer.pk})
    assert new.read()["data"]["customer"]["owner"]["id"] == stranger.pk
    assert admins.read()["type"] == "chat"
    assert old.silent()


def test_an_erased_customer_is_gone_for_everyone_who_saw_them(
    inbox: Any, as_admin: Any, owner: Any, admin: Any, stranger: Any, customer: Any
) -> None:
    mine, admins, foreign = inbox(owner), inbox(admin), inbox(stranger)
    customer_id = customer.pk
    assert as_admin.delete(f"/api/customers/{customer_id}/").status_code == 204
    frame = mine.read()
    assert (frame["type"], frame["data"]) == ("chat_gone", {"id": customer_id})
    assert admins.read()["type"] == "chat_gone"
    assert foreign.silent()


def test_it_closes_with_the_session(inbox: Any, as_admin: Any, owner: Any) -> None:
    socket = inbox(owner)
    as_admin.patch(f"/api/users/{owner.pk}/", {"is_active": False})
    assert socket.close_code() == 4401
