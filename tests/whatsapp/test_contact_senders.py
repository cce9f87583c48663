"""A contact of a customer writes on WhatsApp, and is answered."""

from typing import Any

import pytest

from contacts.models import Contact
from customers.models import Customer, Event
from messaging.models import BusinessNumber, Message
from tests.webhooks import says, text
from whatsapp.graph.recipients import recipient_of
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db

WA_ID, NUMBER = "94112223334", "+94112223334"


def contact_of(customer: Customer, wa_number: str = NUMBER, **fields: Any) -> Contact:
    number = Contact.objects.count()
    values = {"email": f"c{number}@example.com", "tp_number": f"+9411000{number:04d}", "wa_number": wa_number}
    return Contact.objects.create(customer=customer, **values, **fields)


def outbound(customer: Customer, **fields: Any) -> Message:
    number = BusinessNumber.objects.get()
    return Message(customer=customer, business_number=number, direction="outbound", **fields)


def test_a_contact_reaches_their_customer(post: Any, customer: Customer) -> None:
    contact_of(customer)
    post(says(text("wamid.1", wa_id=WA_ID)))
    assert Message.objects.get().customer == customer
    assert Identity.objects.get().customer == customer
    assert Customer.objects.count() == 1
    assert Event.objects.get(customer=customer, type="chat_message").seq == 1


@pytest.mark.parametrize(
    ("number", "wa_id"),
    [("+5511987654321", "551187654321"), ("+525512345678", "5215512345678"), ("+5491112345678", "541112345678")],
)
def test_in_every_spelling(post: Any, customer: Customer, number: str, wa_id: str) -> None:
    contact_of(customer, number)
    post(says(text("wamid.1", wa_id=wa_id)))
    assert Message.objects.get().customer == customer


def test_two_contacts_of_one_customer_still_mean_that_customer(post: Any, customer: Customer) -> None:
    contact_of(customer, "+525512345678")
    contact_of(customer, "+5215512345678")
    post(says(text("wamid.1", wa_id="525512345678")))
    assert Message.objects.get().customer == customer


def test_the_phone_of_a_customer_comes_first(post: Any, customer: Customer) -> None:
    contact_of(customer)
    self = Customer.objects.create(first_name="Self", phone=NUMBER)
    post(says(text("wamid.1", wa_id=WA_ID)))
    assert Message.objects.get().customer == self


def test_an_inactive_contact_is_nobody(post: Any, customer: Customer) -> None:
    contact_of(customer, is_active=False)
    post(says(text("wamid.1", wa_id=WA_ID)))
    assert Message.objects.get().customer != customer
    assert Customer.objects.get(phone=NUMBER)


def test_a_contact_of_several_customers_is_a_new_one(post: Any, customer: Customer) -> None:
    contact_of(customer)
    contact_of(Customer.objects.create(first_name="Other"))
    post(says(text("wamid.1", wa_id=WA_ID)))
    assert Message.objects.get().customer.phone == NUMBER
    assert Customer.objects.count() == 3


def test_an_answer_goes_to_whoever_wrote_last(post: Any, customer: Customer) -> None:
    contact_of(customer)
    own = customer.phone.removeprefix("+")
    for count, wa_id in enumerate([own, WA_ID, own, WA_ID]):
        post(says(text(f"wamid.{count}", wa_id=wa_id)))
        assert recipient_of(outbound(customer)) == {"to": wa_id, "recipient": None}
    assert Message.objects.filter(customer=customer).count() == 4


def test_a_message_to_a_contact_goes_to_their_number(post: Any, customer: Customer) -> None:
    post(says(text("wamid.1", wa_id=customer.phone.removeprefix("+"))))
    assert recipient_of(outbound(customer, to_number=NUMBER)) == {"to": WA_ID, "recipient": None}


def test_whoever_wrote_last_on_another_number_is_meant_here_too(post: Any, customer: Customer) -> None:
    contact_of(customer)
    own = customer.phone.removeprefix("+")
    for count, wa_id in enumerate([own, WA_ID]):
        post(says(text(f"wamid.{count}", wa_id=wa_id)))
    message = outbound(customer)
    elsewhere = says(text("wamid.there", wa_id=own))
    elsewhere["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    post(elsewhere)
    assert recipient_of(message) == {"to": own, "recipient": None}
