"""What open sockets learn of tags: recorded changes of a customer, and passing frames about the tags themselves."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from core.live.groups import STAFF
from core.live.hub import RESYNC
from core.live.publishing import publish
from customers.models import Customer
from tags.actions.tags import delete_tag, rename_tag
from tests.tags.expected import API, names, path_of, shown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(open_socket: Any, token_of: Any) -> Any:
    def ready(user: User, path: str) -> Any:
        socket = open_socket(path, token_of(user))
        assert socket.read()["type"] == "ready"
        if "chat" in path:
            assert socket.read()["type"] == "recent_messages"
        return socket

    return ready


@pytest.fixture
def chat(opened: Any, customer: Customer) -> Any:
    return lambda user: opened(user, f"/ws/chat/{customer.pk}/")


@pytest.fixture
def inbox(opened: Any) -> Any:
    return lambda user: opened(user, "/ws/inbox/")


def test_a_change_reaches_the_chat_and_the_inbox_of_who_sees_the_customer(
    chat: Any, inbox: Any, as_owner: Any, owner: User, admin: User, stranger: User, customer: Customer, new_tag: Any
) -> None:
    vip = new_tag("VIP")
    mine, mine_inbox, admins, foreign = chat(owner), inbox(owner), chat(admin), inbox(stranger)

    body = as_owner.post(path_of(customer), {"tag_ids": [vip.pk]}).json()

    for socket in (mine, admins):
        frame = socket.read_type("tags_changed")
        assert frame["seq"] == 1
        assert frame["data"] == {"tags": body["tags"], "added": [shown(vip)], "removed": []}
    frame = mine_inbox.read_type("chat")
    assert names(frame["data"]["customer"]["tags"]) == ["VIP", "Whatsapp"]
    assert frame["data"]["customer"] == as_owner.get(f"/api/customers/{customer.pk}/").json()
    assert foreign.silent()
    logged = as_owner.get(f"/api/customers/{customer.pk}/events/?after=0").json()
    assert "tags_changed" in str(logged)


def test_refusals_and_what_changes_nothing_are_silent(
    chat: Any, inbox: Any, as_owner: Any, owner: User, customer: Customer, system: Any, new_tag: Any
) -> None:
    vip = new_tag("VIP", customer)
    mine, mine_inbox = chat(owner), inbox(owner)
    as_owner.post(path_of(customer), {"tag_ids": [vip.pk]})
    as_owner.post(path_of(customer, vip))
    as_owner.put(path_of(customer), {"tag_ids": [vip.pk]})
    as_owner.put(path_of(customer), {"tag_ids": [system["telegram"].pk]})
    as_owner.put(f"{API}/tags/{vip.pk}/", {"name": "VIP"})
    as_owner.put(f"{API}/tags/{vip.pk}/", {"name": "whatsapp"})
    as_owner.post(f"{API}/tags/bulk-delete/", {"tag_ids": [system["telegram"].pk]})
    assert mine.silent()
    assert mine_inbox.silent()


def test_renaming_and_deleting_are_one_passing_frame_for_all_staff(
    chat: Any,
    inbox: Any,
    as_owner: Any,
    owner: User,
    stranger: User,
    admin: User,
    customer: Customer,
    foreign: Customer,
    new_tag: Any,
) -> None:
    vip, gold = new_tag("VIP", customer, foreign), new_tag("Gold", customer)
    sockets = [chat(owner), inbox(owner), inbox(stranger), chat(admin)]
    sockets[0].read_type("user_presence")

    def told(type: str) -> list[dict[str, Any]]:
        frames = [socket.read_type(type) for socket in sockets]
        assert all(set(frame) == {"type", "at", "data"} for frame in frames)
        assert all(frame == frames[0] for frame in frames)
        return [frames[0]]

    as_owner.put(f"{API}/tags/{vip.pk}/", {"name": "Very important"})
    [frame] = told("tag_updated")
    assert (frame["type"], frame["data"]) == ("tag_updated", {"id": vip.pk, "name": "Very important"})
    as_owner.delete(f"{API}/tags/{vip.pk}/")
    [frame] = told("tag_deleted")
    assert (frame["type"], frame["data"]) == ("tag_deleted", {"id": vip.pk, "name": "Very important"})
    as_owner.post(f"{API}/tags/bulk-delete/", {"tag_ids": [gold.pk]})
    [frame] = told("tag_deleted")
    assert (frame["type"], frame["data"]) == ("tag_deleted", {"id": gold.pk, "name": "Gold"})
    customer.refresh_from_db()
    assert customer.last_seq == 0
    assert sockets[0].silent(0.1)


def test_what_is_rolled_back_is_told_to_nobody(inbox: Any, owner: User, new_tag: Any) -> None:
    vip, mine = new_tag("VIP"), inbox(owner)
    with transaction.atomic():
        rename_tag(tag_id=vip.pk, name="Gold", actor=owner)
        delete_tag(tag_id=vip.pk, actor=owner)
        transaction.set_rollback(True)
    assert mine.silent()


def test_a_lost_layer_does_not_close_or_confuse(inbox: Any, owner: User) -> None:
    mine = inbox(owner)
    publish(STAFF, RESYNC)
    assert mine.silent()
    mine.say(type="ping")
    assert mine.read()["type"] == "pong"


def test_an_inbox_survives_a_thousand_changes(
    inbox: Any, as_admin: Any, admin: User, new_tag: Any, owner: User
) -> None:
    people = Customer.objects.bulk_create([Customer(first_name=f"P{number}") for number in range(1000)])
    vip, all_chats = new_tag("VIP"), inbox(admin)
    body = {"customer_ids": [person.pk for person in people], "action": "add"}
    assert as_admin.post(f"{API}/tags/{vip.pk}/customers/", body).json()["changed_count"] == 1000
    seen = set()
    while len(seen) < 1000:
        frame = all_chats.read_type("chat", 10)
        assert names(frame["data"]["customer"]["tags"]) == ["VIP"]
        seen.add(frame["data"]["customer"]["id"])
    assert seen == {person.pk for person in people}
