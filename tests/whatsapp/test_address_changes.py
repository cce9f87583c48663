"""Somebody has a new number or a new id: the same customer, reached at the new one."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import Conversation, Message
from tests.webhooks import payload, says, text
from whatsapp.graph.recipients import recipient_of
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db

OLD, NEW, USER_ID = "16505551234", "12195555358", "US.13491208655302741918"


@pytest.fixture
def sheena(post: Any, owner: User) -> Customer:
    """A customer who wrote from the old number."""
    post(says(text("wamid.1", wa_id=OLD) | {"from_user_id": USER_ID}))
    found: Customer = Customer.objects.get()
    return found


def state() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Customer, Identity, Message, Conversation)]


@pytest.mark.parametrize("name", ["system_number_changed", "system_number_changed_legacy"])
def test_a_new_number_is_the_same_customer(post: Any, sheena: Customer, name: str) -> None:
    post(payload(name))
    sheena.refresh_from_db()
    assert sheena.phone == f"+{NEW}"
    assert Identity.objects.get().wa_id == NEW

    post(says(text("wamid.2", "me again", wa_id=NEW)))
    assert Customer.objects.get() == sheena
    answer = Message(customer=sheena, business_number=Conversation.objects.get().business_number)
    assert recipient_of(answer)["to"] == NEW


def test_answers_go_to_the_new_number_before_they_write_again(post: Any, sheena: Customer) -> None:
    post(payload("system_number_changed"))
    sheena.refresh_from_db()
    answer = Message(customer=sheena, business_number=Conversation.objects.get().business_number)
    assert recipient_of(answer)["to"] == NEW


def test_the_chat_says_so_and_nobody_has_to_answer(post: Any, as_owner: APIClient, sheena: Customer) -> None:
    before = Conversation.objects.values("unread_count", "last_inbound_at").get()
    post(payload("system_number_changed"))
    row = as_owner.get("/api/messages/?type=system").json()["results"][0]
    assert (row["type"], row["direction"]) == ("system", "inbound")
    assert row["text"] == f"User Sheena Nelson changed from {OLD} to {NEW}"
    assert Conversation.objects.values("unread_count", "last_inbound_at").get() == before
    types = list(sheena.events.order_by("seq").values_list("type", flat=True))
    assert types[-2:] == ["customer_updated", "chat_message"]


def test_a_redelivery_changes_nothing(post: Any, sheena: Customer) -> None:
    post(payload("system_number_changed"))
    before = state()
    post(payload("system_number_changed"))
    assert state() == before


def test_a_phone_written_down_by_hand_stays(post: Any, sheena: Customer) -> None:
    Customer.objects.update(phone="+94112223344")
    post(payload("system_number_changed"))
    assert Customer.objects.get().phone == "+94112223344"
    assert Identity.objects.get().wa_id == NEW


def test_a_phone_that_is_somebody_elses_stays_theirs(post: Any, sheena: Customer) -> None:
    other = Customer.objects.create(phone=f"+{NEW}")
    post(payload("system_number_changed"))
    sheena.refresh_from_db()
    assert sheena.phone == f"+{OLD}"
    assert Identity.objects.get().customer == sheena
    other.refresh_from_db()
    assert other.phone == f"+{NEW}"


def test_an_address_that_is_somebody_elses_stays_theirs(post: Any, sheena: Customer) -> None:
    post(says(text("wamid.2", wa_id=NEW)))
    post(payload("system_number_changed"))
    assert {identity.wa_id: identity.customer_id == sheena.pk for identity in Identity.objects.all()} == {
        OLD: True,
        NEW: False,
    }


def test_a_new_user_id_is_the_same_customer(post: Any, sheena: Customer) -> None:
    post(payload("system_user_id_changed"))
    identity = Identity.objects.get()
    assert (identity.wa_id, identity.user_id) == (OLD, "US.99991208655302749999")
    hidden = text("wamid.2", "hidden now") | {"from_user_id": "US.99991208655302749999"}
    del hidden["from"]
    post(says(hidden))
    assert Customer.objects.get() == sheena


def test_a_new_security_code_is_only_told(post: Any, sheena: Customer) -> None:
    post(payload("system_identity_changed"))
    assert Message.objects.get(type="system").payload["identity"]["hash"] == "hash"
    assert Identity.objects.get().wa_id == OLD


def test_who_hid_their_phone_and_shows_it_has_one(post: Any, owner: User) -> None:
    post(payload("text_bsuid_only"))
    customer = Customer.objects.get()
    assert customer.phone is None
    post(says(text("wamid.2", wa_id=OLD) | {"from_user_id": USER_ID}))
    customer.refresh_from_db()
    assert customer.phone == f"+{OLD}"
    assert Customer.objects.count() == 1
    seqs = list(customer.events.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1)) == list(range(1, customer.last_seq + 1))


def test_a_customer_without_a_phone_is_listed_found_and_answered(post: Any, owner: User, as_owner: APIClient) -> None:
    post(payload("text_username"))
    customer = Customer.objects.get()
    assert as_owner.get("/api/customers/").json()["results"][0]["username"] == "sheena.n"
    for words in ("sheena.n", "Nelson", customer.customer_id):
        found = as_owner.get("/api/customers/", {"search": words}).json()["results"]
        assert [row["id"] for row in found] == [customer.pk]
    answer = Message(customer=customer, business_number=Conversation.objects.get().business_number)
    assert recipient_of(answer) == {"to": None, "recipient": USER_ID}
