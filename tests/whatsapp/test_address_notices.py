"""Every form in which Meta says that somebody has another number or id."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import BusinessNumber, Conversation, Message
from tests.webhooks import change, envelope, says, text
from whatsapp.graph.recipients import recipient_of
from whatsapp.models import Identity, WebhookEvent

pytestmark = pytest.mark.django_db

OLD, NEW = "15550001", "15550002"
OLD_ID, NEW_ID = "US.Old1", "US.New2"
OLD_PARENT, NEW_PARENT = "US.ENT.Old1", "US.ENT.New2"
MARKED = f"User \u2068Ann\u2069 changed from \u200e{OLD_ID}\u200f to \u202a{NEW_ID}\u202c"

# What stands in the item beside id, timestamp and type, and in `system` beside the type.
TO_NUMBER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "classic": ({"from": OLD}, {"wa_id": NEW}),
    "before v12": ({"from": OLD}, {"customer": OLD, "new_wa_id": NEW}),
    "before v12 with both": ({"from": ""}, {"customer": OLD, "wa_id": OLD, "new_wa_id": NEW}),
    "previous wa_id, no sender": ({}, {"previous_wa_id": OLD, "wa_id": NEW}),
    "previous wa_id, empty sender": ({"from": ""}, {"previous_wa_id": OLD, "wa_id": NEW}),
    "previous wa_id, sender is the new number": ({"from": NEW}, {"previous_wa_id": OLD, "wa_id": NEW}),
    "previous user id": ({}, {"wa_id": NEW, "previous_user_id": OLD_ID, "user_id": NEW_ID}),
    "previous parent id": ({}, {"wa_id": NEW, "previous_parent_user_id": OLD_PARENT, "parent_user_id": NEW_PARENT}),
    "sender's user id": ({"from_user_id": OLD_ID}, {"wa_id": NEW}),
    "sender's parent id": ({"from_parent_user_id": OLD_PARENT}, {"wa_id": NEW}),
    "sender never seen": ({"from": "15559999"}, {"wa_id": NEW, "previous_user_id": OLD_ID}),
    "only in the words": ({}, {"body": f"User Ann changed from {OLD} to {NEW}."}),
}
TO_ID: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "June": ({"from_user_id": OLD_ID}, {"user_id": NEW_ID}),
    "June with the number": ({"from": OLD, "from_user_id": OLD_ID}, {"user_id": NEW_ID}),
    "from the new id": ({"from": OLD, "from_user_id": NEW_ID}, {"user_id": NEW_ID}),
    "only the number": ({"from": OLD}, {"user_id": NEW_ID}),
    "only the sender": ({"from": OLD, "from_user_id": NEW_ID}, {}),
    "previous id": ({}, {"previous_user_id": OLD_ID, "user_id": NEW_ID}),
    "previous id, empty sender": (
        {"from": "", "from_user_id": NEW_ID},
        {"previous_user_id": OLD_ID, "user_id": NEW_ID},
    ),
    "previous wa_id": ({}, {"previous_wa_id": OLD, "user_id": NEW_ID}),
    "previous parent id": ({}, {"previous_parent_user_id": OLD_PARENT, "user_id": NEW_ID}),
    "in the words": ({}, {"body": MARKED, "user_id": NEW_ID}),
    "only in the words": ({"from_user_id": NEW_ID}, {"body": MARKED}),
}


def notice(item: dict[str, Any], system: dict[str, Any], **value: Any) -> dict[str, Any]:
    system = {"body": "Changed", "type": "user_changed_number", **system}
    return says({"id": "wamid.notice", "timestamp": 1763700050, "type": "system", "system": system, **item}, **value)


@pytest.fixture
def ann(post: Any, owner: User) -> Customer:
    """A customer who wrote with every id."""
    post(says(text("wamid.1", wa_id=OLD) | {"from_user_id": OLD_ID, "from_parent_user_id": OLD_PARENT}))
    found: Customer = Customer.objects.get()
    return found


def hidden(wamid: str, user_id: str, at: int = 1763700100) -> dict[str, Any]:
    item = text(wamid, at=at) | {"from_user_id": user_id}
    del item["from"]
    return says(item)


def answered(customer: Customer) -> dict[str, str | None]:
    customer.refresh_from_db()
    return recipient_of(Message(customer=customer, business_number=BusinessNumber.objects.get(), type="template"))


@pytest.mark.parametrize("kind", ["user_changed_number", "customer_changed_number"])
@pytest.mark.parametrize(("item", "system"), TO_NUMBER.values(), ids=TO_NUMBER.keys())
def test_a_new_number_in_any_form(
    post: Any, ann: Customer, kind: str, item: dict[str, Any], system: dict[str, Any]
) -> None:
    post(notice(item, {"type": kind, **system}))
    assert answered(ann) == {"to": NEW, "recipient": None}
    assert ann.phone == f"+{NEW}"

    post(says(text("wamid.2", wa_id=NEW, at=1763700100)))
    assert Message.objects.get(wamid="wamid.2").customer == ann
    # The old number is given to somebody else.
    post(says(text("wamid.3", wa_id=OLD, at=1763700200)))
    assert Message.objects.get(wamid="wamid.3").customer != ann
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.parametrize(("item", "system"), TO_ID.values(), ids=TO_ID.keys())
def test_a_new_id_in_any_form(post: Any, ann: Customer, item: dict[str, Any], system: dict[str, Any]) -> None:
    post(notice(item, {"type": "user_changed_user_id", **system}))
    assert answered(ann) == {"to": OLD, "recipient": None}
    post(hidden("wamid.2", NEW_ID))
    assert Customer.objects.get() == ann
    # From before the change, and late.
    post(hidden("wamid.3", OLD_ID))
    assert Customer.objects.get() == ann
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_who_hides_the_phone_is_written_to_at_the_new_id(post: Any, owner: User) -> None:
    post(hidden("wamid.1", OLD_ID))
    post(notice({}, {"type": "user_changed_user_id", "previous_user_id": OLD_ID, "user_id": NEW_ID}))
    assert answered(Customer.objects.get()) == {"to": None, "recipient": NEW_ID}
    assert Conversation.objects.get().last_address == NEW_ID


def test_the_new_id_stands_only_in_the_contacts(post: Any, ann: Customer) -> None:
    contacts = [{"wa_id": NEW, "user_id": NEW_ID, "profile": {"name": "Ann"}}]
    post(notice({"from": OLD}, {"wa_id": NEW}, contacts=contacts))
    post(hidden("wamid.2", NEW_ID))
    assert Customer.objects.get() == ann


@pytest.mark.parametrize(
    ("item", "system"),
    [
        ({}, {}),
        ({"from": ""}, {"wa_id": ""}),
        ({"from": "15559999"}, {"wa_id": "15558888"}),
        ({}, {"previous_user_id": "US.Nobody", "user_id": "US.Nobody2"}),
        ({"from": None, "from_user_id": 7}, {"previous_wa_id": [], "user_id": {}, "body": None}),
        ({}, {"type": "customer_identity_changed"}),
    ],
)
def test_a_notice_about_nobody_is_kept_and_fails_nothing(
    post: Any, ann: Customer, item: dict[str, Any], system: dict[str, Any]
) -> None:
    body = notice(item, system)
    before = list(Identity.objects.values())
    assert post(body).status_code == 200
    event = WebhookEvent.objects.latest("pk")
    assert (event.state, event.error) == ("done", "")
    assert b"wamid.notice" in bytes(event.body)
    assert Customer.objects.get() == ann
    assert list(Identity.objects.values()) == before
    assert not Message.objects.filter(type="system").exists()


def test_an_address_of_somebody_else_is_not_taken(post: Any, ann: Customer) -> None:
    post(hidden("wamid.2", NEW_ID))
    before = list(Identity.objects.order_by("pk").values())
    post(notice({}, {"previous_user_id": OLD_ID, "user_id": NEW_ID, "wa_id": NEW}))
    assert list(Identity.objects.order_by("pk").values()) == before
    assert answered(ann)["to"] == OLD


def test_the_field_that_was_withdrawn(post: Any, ann: Customer) -> None:
    update = {"wa_id": OLD, "user_id": {"previous": OLD_ID, "current": NEW_ID}}
    body = envelope({**change(user_id_update=[update]), "field": "user_id_update"})
    post(body)
    post(hidden("wamid.2", NEW_ID))
    assert Customer.objects.get() == ann
    assert not Message.objects.filter(type="system").exists()
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_the_old_number_is_forgotten_in_whichever_row_it_is(post: Any, ann: Customer) -> None:
    Identity.objects.update(user_id=None)
    number = BusinessNumber.objects.get()
    Identity.objects.create(customer=ann, business_number=number, user_id=OLD_ID)
    post(notice({"from": OLD}, {"wa_id": NEW, "previous_user_id": OLD_ID}))
    assert Identity.objects.filter(customer=ann).values_list("wa_id", "user_id").get() == (NEW, OLD_ID)
    post(says(text("wamid.2", wa_id=OLD, at=1763700100)))
    assert Message.objects.get(wamid="wamid.2").customer != ann


def test_two_rows_of_one_customer_become_one(post: Any, ann: Customer, as_owner: APIClient) -> None:
    """They wrote with the new id before the notice came, and somebody merged the two."""
    post(hidden("wamid.2", NEW_ID))
    other = Customer.objects.exclude(pk=ann.pk).get()
    Identity.objects.filter(customer=other).update(customer=ann)
    post(notice({}, {"type": "user_changed_user_id", "previous_user_id": OLD_ID, "user_id": NEW_ID}))
    rows = as_owner.get(f"/api/customers/{ann.pk}/identities/").json()
    assert [(row["wa_id"], row["user_id"]) for row in rows] == [(OLD, NEW_ID)]
    assert rows[0]["last_inbound_at"] == "2025-11-21T04:41:40Z"
