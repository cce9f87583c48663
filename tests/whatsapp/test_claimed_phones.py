"""What people say about themselves gives them nobody's messages: registered phones, profiles and contacts."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.registration import register
from customers.models import Customer
from messaging.models import Message
from tests.cast import ClientOf
from tests.webhooks import says, text

CLAIMED, WA_ID = "+94770000001", "94770000001"


@pytest.fixture
def jane(db: None) -> Customer:
    """Registered with the phone of somebody else."""
    return register(username="jane", email="jane@example.com", password="SecureP@ssw0rd123!", phone=CLAIMED)


@pytest.fixture
def as_jane(jane: Customer, client_of: ClientOf) -> APIClient:
    assert jane.user is not None
    return client_of(jane.user)


def writes(post: Any, wamid: str = "wamid.1") -> Customer:
    """The customer in whose chat a message from the claimed number ends up."""
    assert post(says(text(wamid, wa_id=WA_ID))).status_code == 200
    customer: Customer = Message.objects.get(wamid=wamid).customer
    return customer


def test_a_registered_phone_is_nobodys_until_staff_vouch_for_it(post: Any, jane: Customer, as_admin: APIClient) -> None:
    somebody = writes(post)
    assert (somebody.phone, somebody.user) == (CLAIMED, None)

    answer = as_admin.post(f"/api/customers/{jane.pk}/confirm-phone/")
    assert (answer.status_code, list(answer.json())) == (400, ["phone"]), "somebody else writes from it"
    assert writes(post, "wamid.2") == somebody


def test_once_it_is_confirmed_their_messages_are_theirs(post: Any, jane: Customer, as_admin: APIClient) -> None:
    assert as_admin.post(f"/api/customers/{jane.pk}/confirm-phone/").status_code == 200
    assert writes(post) == jane


def test_a_profile_takes_nobodys_messages(post: Any, as_customer: APIClient, customer: Customer) -> None:
    as_customer.patch("/api/customers/customers/update_profile/", {"phone": CLAIMED})
    assert writes(post) != customer


def test_what_is_no_longer_trusted_gets_no_messages(post: Any, customer: Customer, as_owner: APIClient) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone=CLAIMED, phone_trusted=False)
    somebody = writes(post)
    assert somebody != customer

    answer = as_owner.post(f"/api/customers/{customer.pk}/confirm-phone/")
    assert answer.status_code == 400, "the phone is theirs by now"


def test_a_contact_of_their_own_reaches_them_once_staff_confirm_it(
    post: Any, as_customer: APIClient, as_owner: APIClient, customer: Customer
) -> None:
    body = {"customer": customer.pk, "email": "c@example.com", "wa_number": CLAIMED, "tp_number": CLAIMED}
    contact = as_customer.post("/api/contacts/", body).json()["data"]["id"]
    Customer.objects.filter(pk=writes(post).pk).delete()

    assert as_owner.post(f"/api/contacts/{contact}/confirm/").status_code == 200

    assert writes(post, "wamid.2") == customer


def test_two_who_claim_a_phone_stand_in_nobodys_way(
    post: Any, jane: Customer, as_jane: APIClient, as_customer: APIClient, customer_login: User
) -> None:
    as_customer.patch("/api/customers/customers/update_profile/", {"phone": CLAIMED})
    somebody = writes(post)

    assert (somebody.phone, somebody.user) == (CLAIMED, None)
    for client in (as_jane, as_customer):
        me = client.get("/api/customers/customers/me/").json()
        assert (me["phone"], me["phone_verified"]) == (CLAIMED, False)
    assert Customer.objects.filter(phone=CLAIMED).count() == 1


def test_who_claims_a_chat_reads_nothing_of_it(post: Any, jane: Customer, as_jane: APIClient) -> None:
    somebody = writes(post)
    for path in (
        f"/api/customers/customers/{somebody.pk}/",
        f"/api/customers/customers/{somebody.pk}/export/",
        f"/api/customers/{somebody.pk}/contacts/",
    ):
        assert as_jane.get(path).status_code == 404, path
    assert as_jane.get(f"/api/customers/{somebody.pk}/messages/").status_code == 403
