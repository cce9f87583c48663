"""Who is told that a customer is gone where salespeople see whom nobody has: whoever saw them, and nobody else."""

from typing import Any

import pytest

from accounts.models import User
from customers.models import Customer
from tests.live_server import Socket
from tests.webhooks import payload, says, text

pytestmark = pytest.mark.django_db(transaction=True)

CHAT, GONE = "chat", "chat_gone"


@pytest.fixture(autouse=True)
def _seen(settings: Any) -> None:
    settings.SALES_SEE_UNASSIGNED = True


@pytest.fixture
def inboxes(open_socket: Any, token_of: Any, owner: User, stranger: User) -> dict[int, Socket]:
    """The inbox of each of the two salespeople, by their id."""
    opened = {user.pk: open_socket("/ws/inbox/", token_of(user)) for user in (owner, stranger)}
    for socket in opened.values():
        assert socket.read()["type"] == "ready"
    return opened


def hears(socket: Socket, *expected: tuple[str, int]) -> None:
    """Read until all of these came, however often, and fail if anything else comes."""
    missing = set(expected)
    while True:
        try:
            frame = socket.read() if missing else socket.read(0.3)
        except TimeoutError:
            assert not missing
            return
        said = frame["type"], frame["data"].get("id") or frame["data"]["customer"]["id"]
        assert said in expected
        missing.discard(said)


BY_WEBHOOK = {
    "message": says(text("wamid.new")),
    "ringing": payload("call_connect"),
    "missed call": payload("call_missed"),
    "echo": payload("echo_text"),
}


@pytest.mark.parametrize("body", BY_WEBHOOK.values(), ids=BY_WEBHOOK.keys())
def test_who_is_routed_at_once_was_never_seen_by_others(
    post: Any, inboxes: dict[int, Socket], body: dict[str, Any]
) -> None:
    post(body)
    new = Customer.objects.get()
    assert new.owner_id is not None
    hears(inboxes.pop(new.owner_id), (CHAT, new.pk))
    (other,) = inboxes.values()
    hears(other)


def test_who_stood_without_an_owner_is_gone_for_others(post: Any, inboxes: dict[int, Socket], settings: Any) -> None:
    settings.ASSIGNMENT_STRATEGY = "manual"
    post(says(text("wamid.1")))
    new = Customer.objects.get()
    for socket in inboxes.values():
        hears(socket, (CHAT, new.pk))

    settings.ASSIGNMENT_STRATEGY = "round_robin"
    post(says(text("wamid.2")))
    new.refresh_from_db()
    assert new.owner_id is not None
    hears(inboxes.pop(new.owner_id), (CHAT, new.pk))
    (other,) = inboxes.values()
    hears(other, (GONE, new.pk))


@pytest.mark.parametrize("road", ["claim", "assign"])
def test_who_was_made_by_hand_and_taken_later_is_gone_for_others(
    inboxes: dict[int, Socket], as_admin: Any, as_owner: Any, owner: User, stranger: User, road: str
) -> None:
    pk = as_admin.post("/api/customers/", {"first_name": "Una"}).json()["id"]
    for socket in inboxes.values():
        hears(socket, (CHAT, pk))

    if road == "claim":
        assert as_owner.post(f"/api/customers/{pk}/claim/").status_code == 200
    else:
        assert as_admin.post("/api/assignments/", {"customer": pk, "salesperson": owner.pk}).status_code == 201
    hears(inboxes[owner.pk], (CHAT, pk))
    hears(inboxes[stranger.pk], (GONE, pk))


def test_who_is_somebodys_from_the_start_was_never_seen_by_others(
    inboxes: dict[int, Socket], as_owner: Any, owner: User, stranger: User
) -> None:
    pk = as_owner.post("/api/customers/", {"first_name": "Una"}).json()["id"]
    hears(inboxes[owner.pk], (CHAT, pk))
    hears(inboxes[stranger.pk])


def test_who_is_new_and_becomes_part_of_another_was_never_seen(
    post: Any, inboxes: dict[int, Socket], owner: User, stranger: User
) -> None:
    known = Customer.objects.create(first_name="Ann", phone="+15550001", owner=owner)
    post(says(text("wamid.1", wa_id="15550001")))
    hears(inboxes[owner.pk], (CHAT, known.pk))

    shared = {**text("wamid.2"), "from_user_id": "US.Ann1", "type": "contacts"}
    del shared["from"]
    card = {"phones": [{"phone": "+1 555 0001", "wa_id": "15550001"}], "origin": "contact_request"}
    post(says({**shared, "contacts": [card]}))
    assert Customer.all_rows.exclude(pk=known.pk).get().merged_into == known
    hears(inboxes[owner.pk], (CHAT, known.pk))
    hears(inboxes[stranger.pk])


@pytest.mark.parametrize("owned", [True, False])
def test_who_is_erased_is_gone_for_whoever_saw_them(
    inboxes: dict[int, Socket], as_admin: Any, owner: User, stranger: User, owned: bool
) -> None:
    customer = Customer.objects.create(first_name="Una", owner=owner if owned else None)
    pk = customer.pk
    assert as_admin.delete(f"/api/customers/{pk}/").status_code == 204
    hears(inboxes[owner.pk], (GONE, pk))
    hears(inboxes[stranger.pk], *([] if owned else [(GONE, pk)]))


def test_who_is_merged_and_comes_back(inboxes: dict[int, Socket], as_admin: Any, owner: User, stranger: User) -> None:
    theirs = Customer.objects.create(first_name="Una", owner=owner)
    nobodys, into = (Customer.objects.create(first_name=name) for name in ("Uma", "Una"))
    mine, others = inboxes[owner.pk], inboxes[stranger.pk]

    as_admin.post(f"/api/customers/{nobodys.pk}/merge/", {"into": theirs.pk})
    hears(mine, (CHAT, theirs.pk), (GONE, nobodys.pk))
    hears(others, (GONE, nobodys.pk))

    keep = {"owner": "into"}
    merge = as_admin.post(f"/api/customers/{theirs.pk}/merge/", {"into": into.pk, "keep": keep}).json()["merge"]
    hears(mine, (CHAT, into.pk), (GONE, theirs.pk))
    hears(others, (CHAT, into.pk))

    # The row has been theirs all along.
    assert as_admin.post(f"/api/customers/merges/{merge}/undo/").status_code == 200
    hears(mine, (CHAT, into.pk), (CHAT, theirs.pk))
    hears(others, (CHAT, into.pk))


def test_who_gets_an_owner_back_is_gone_for_others(
    inboxes: dict[int, Socket], as_admin: Any, owner: User, stranger: User
) -> None:
    nobodys = Customer.objects.create(first_name="Uma")
    theirs = as_admin.post("/api/customers/", {"first_name": "Una", "owner": owner.pk}).json()["id"]
    mine, others = inboxes[owner.pk], inboxes[stranger.pk]
    hears(mine, (CHAT, theirs))
    keep = {"owner": "this"}
    merge = as_admin.post(f"/api/customers/{nobodys.pk}/merge/", {"into": theirs, "keep": keep}).json()["merge"]
    hears(mine, (CHAT, theirs), (GONE, nobodys.pk))
    hears(others, (CHAT, theirs), (GONE, nobodys.pk))

    assert as_admin.post(f"/api/customers/merges/{merge}/undo/").status_code == 200
    hears(mine, (CHAT, theirs), (CHAT, nobodys.pk))
    hears(others, (GONE, theirs), (CHAT, nobodys.pk))
