"""POST /api/messages/ with to_contact."""

from typing import Any

import pytest

from contacts.models import Contact
from customers.models import Customer
from messaging.models import Message

NUMBER = "+94112223334"


@pytest.fixture(autouse=True)
def open_window(customer: Any, says: Any) -> None:
    says(customer, "hello?")


@pytest.fixture
def contact(customer: Customer) -> Contact:
    return Contact.objects.create(customer=customer, email="c@example.com", wa_number=NUMBER, tp_number="+94112345678")


def outbound() -> Any:
    return Message.objects.filter(direction="outbound")


def test_it_goes_to_the_number_of_the_contact(
    as_owner: Any, customer: Any, contact: Any, transport: Any, relay_turn: Any
) -> None:
    body = {"customer": customer.pk, "text": "Hi", "to_contact": contact.pk}
    assert as_owner.post("/api/messages/", body).status_code == 201
    # A queued message goes to the number it was meant for, whatever happens to the contact.
    contact.delete()
    relay_turn()
    assert [message.to_number for message in transport.sent] == [NUMBER]


def test_without_it_the_message_goes_to_no_contact(as_owner: Any, customer: Any, contact: Any) -> None:
    for fields in ({}, {"to_contact": None}):
        assert as_owner.post("/api/messages/", {"customer": customer.pk, "text": "Hi", **fields}).status_code == 201
    assert list(outbound().values_list("to_contact", "to_number")) == [(None, None), (None, None)]


def test_the_contact_is_part_of_what_a_client_id_stands_for(as_owner: Any, customer: Any, contact: Any) -> None:
    body = {"customer": customer.pk, "text": "Hi", "client_id": "c-1", "to_contact": contact.pk}
    assert as_owner.post("/api/messages/", body).status_code == 201
    Contact.objects.update(is_active=False)
    assert as_owner.post("/api/messages/", body).status_code == 200
    for other in (None, contact.pk + 1):
        response = as_owner.post("/api/messages/", {**body, "to_contact": other})
        assert response.status_code == 409
        assert response.json()["code"] == "client_id_taken"
    assert outbound().count() == 1


def test_only_an_active_contact_of_the_customer(as_admin: Any, customer: Any, contact: Any, stranger: Any) -> None:
    passive = Contact.objects.create(
        customer=customer, email="p@example.com", wa_number="+94112223335", tp_number="+94112345670", is_active=False
    )
    other = Customer.objects.create(first_name="Other", owner=stranger)
    foreign = Contact.objects.create(customer=other, email="c@example.com", wa_number=NUMBER, tp_number="+94112345678")
    for pk in (passive.pk, foreign.pk, 99999, 10**30, -1):
        response = as_admin.post("/api/messages/", {"customer": customer.pk, "text": "Hi", "to_contact": pk})
        assert response.status_code == 400
        assert response.json() == {"to_contact": ["This customer has no such active contact."]}
    response = as_admin.post("/api/messages/", {"customer": customer.pk, "text": "Hi", "to_contact": "x"})
    assert response.json() == {"to_contact": ["A valid integer is required."]}
    assert not outbound().exists()
