"""The contacts on a customer's page in Django admin."""

import pytest
from django.test import Client

from accounts.models import User
from contacts.models import Contact
from customers.models import Customer, Event
from tests.admin_pages import customer_url, do

NEW = {"email": "wife@shop.example", "wa_number": "0770000001", "tp_number": "0112345678"}


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_adding(desk: Client, admin: User, customer: Customer) -> None:
    assert "wife@shop.example" in do(desk, customer, "contacts", "create_contact", **NEW, is_primary="on")
    contact = Contact.objects.get()
    assert (contact.customer, contact.wa_number, contact.is_primary) == (customer, "+94770000001", True)
    assert Event.objects.get().actor == admin

    page = do(desk, customer, "contacts", "create_contact", **NEW | {"tp_number": "12", "email": "new@shop.example"})
    assert "Telephone number must be in format" in page
    assert 'value="new@shop.example"' in page
    page = do(desk, customer, "contacts", "create_contact", **NEW)
    assert "This customer already has a contact with this email." in page
    assert Contact.objects.count() == 1


def test_buttons_beside_a_contact(desk: Client, customer: Customer) -> None:
    do(desk, customer, "contacts", "create_contact", **NEW)
    contact = Contact.objects.get()
    Contact.objects.update(is_confirmed=False)
    for action, field, value in (
        ("confirm", "is_confirmed", True),
        ("set_primary", "is_primary", True),
        ("toggle", "is_active", False),
    ):
        do(desk, customer, "contacts", action, item=contact.pk)
        assert Contact.objects.values_list(field, flat=True).get() == value

    asked = desk.post(customer_url(customer, "contacts"), {"do": "delete_contact", "given-item": contact.pk})
    assert "is a new customer" in asked.content.decode()
    assert Contact.objects.exists()
    do(desk, customer, "contacts", "delete_contact", item=contact.pk)
    assert not Contact.objects.exists()


def test_contacts_of_others_are_not_there(desk: Client, customer: Customer, owner: User) -> None:
    do(desk, customer, "contacts", "create_contact", **NEW)
    other = Customer.objects.create(first_name="Other", owner=owner)
    assert "errornote" in do(desk, other, "contacts", "delete_contact", item=Contact.objects.get().pk)
    assert Contact.objects.exists()
