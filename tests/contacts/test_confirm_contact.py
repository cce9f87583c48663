"""Contacts that customers add wait until staff vouch for them: POST /api/contacts/{id}/confirm/."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from contacts.models import Contact
from customers.models import Event
from tests.admin_pages import confirm
from tests.contacts.expected import FIELDS, failure, shown, snapshot

URL = "/api/contacts/"
NUMBERS = {"wa_number": "+94770000007", "tp_number": "+94110000007"}


def state(contact: Contact) -> tuple[bool, bool]:
    """Whether a contact is confirmed, and whether the customer added it."""
    contact.refresh_from_db()
    return contact.is_confirmed, contact.added_by_customer


@pytest.fixture
def waiting(as_customer: Any, customer: Any) -> Contact:
    """A contact that the customer added."""
    answer = as_customer.post(URL, {"customer": customer.pk, **FIELDS})
    assert answer.status_code == 201, answer.json()
    return Contact.objects.get(pk=answer.json()["data"]["id"])


def reached(contact: Contact) -> bool:
    """Whether messages from the contact's number reach the customer."""
    return Contact.objects.reached_at([contact.wa_number]).filter(pk=contact.pk).exists()


def test_it_works(as_owner: Any, owner: User, waiting: Contact) -> None:
    assert (state(waiting), reached(waiting)) == ((False, True), False)

    response = as_owner.post(f"{URL}{waiting.pk}/confirm/")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Contact confirmed successfully",
        "data": shown(waiting),
    }
    assert (state(waiting), reached(waiting)) == ((True, True), True)
    event = Event.objects.latest("pk")
    assert (event.type, event.actor) == ("customer_updated", owner)


def test_confirming_again_changes_nothing(as_owner: Any, contact: Contact) -> None:
    before = snapshot()
    events = Event.objects.count()
    assert as_owner.post(f"{URL}{contact.pk}/confirm/").status_code == 200
    assert snapshot() == before
    assert Event.objects.count() == events


@pytest.mark.parametrize(("client", "status"), [("as_customer", 403), ("as_stranger", 404), ("anonymous", 401)])
def test_who_may_not(request: pytest.FixtureRequest, waiting: Contact, client: str, status: int) -> None:
    before = snapshot()
    response = request.getfixturevalue(client).post(f"{URL}{waiting.pk}/confirm/")
    assert (response.status_code, response.json()["success"]) == (status, False)
    assert snapshot() == before


def test_a_missing_one(as_admin: Any) -> None:
    response = as_admin.post(f"{URL}99999/confirm/")
    assert (response.status_code, response.json()) == (404, failure("Contact not found."))


def test_what_staff_enter_is_confirmed(as_owner: Any, as_admin: Any, customer: Any) -> None:
    item = {"customer": customer.pk, **FIELDS}
    assert as_owner.post(URL, item).status_code == 201
    other = {**item, "email": "b@example.com", **NUMBERS}
    assert as_admin.post(f"{URL}bulk-create/", {"contacts": [other]}).status_code == 201
    assert set(Contact.objects.values_list("is_confirmed", "added_by_customer")) == {(True, False)}


def test_what_customers_create_in_bulk_waits(as_customer: Any, customer: Any) -> None:
    items = [{"customer": customer.pk, **FIELDS}]
    assert as_customer.post(f"{URL}bulk-create/", {"contacts": items}).status_code == 201
    assert state(Contact.objects.get()) == (False, True)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_staff_save_is_confirmed(as_owner: Any, waiting: Contact, method: str) -> None:
    assert getattr(as_owner, method)(f"{URL}{waiting.pk}/", {"email": waiting.email}).status_code == 200
    assert state(waiting) == (True, True)


@pytest.mark.parametrize("path", ["set-primary", "toggle-status"])
def test_other_acts_of_staff_vouch_for_nothing(as_owner: Any, waiting: Contact, path: str) -> None:
    assert as_owner.post(f"{URL}{waiting.pk}/{path}/").status_code == 200
    assert state(waiting) == (False, True)


def test_a_number_that_customers_change_waits(as_customer: Any, contact: Contact) -> None:
    for change in ({"email": "new@example.com"}, {"tp_number": "0112223334"}, {"wa_number": contact.wa_number}):
        assert as_customer.patch(f"{URL}{contact.pk}/", change).status_code == 200
        assert state(contact) == (True, False)

    assert as_customer.patch(f"{URL}{contact.pk}/", {"wa_number": "0770000007"}).status_code == 200
    assert (state(contact), reached(contact)) == ((False, False), False)

    assert as_customer.patch(f"{URL}{contact.pk}/", {"wa_number": FIELDS["wa_number"]}).status_code == 200
    assert state(contact) == (False, False)


def test_the_list_filters(as_owner: Any, waiting: Contact, customer: Any, new_contact: Any) -> None:
    confirmed = new_contact(customer, 7)
    for value, found in (("false", waiting), ("true", confirmed)):
        rows = as_owner.get(f"{URL}?is_confirmed={value}").json()["data"]["results"]
        assert [row["id"] for row in rows] == [found.pk]
    assert as_owner.get(f"{URL}?is_confirmed=perhaps").json() == failure(
        "Validation failed", is_confirmed=["Must be true or false."]
    )


@pytest.mark.parametrize("number", ["+94771234567", "+94779999999"])
def test_the_answer_does_not_tell_whether_the_number_is_known(as_customer: Any, customer: Any, number: str) -> None:
    """One is a customer's phone, the other nobody's."""
    body = {"customer": customer.pk, "email": "a@example.com", "wa_number": number, "tp_number": number}
    answer = as_customer.post(URL, body)
    assert (answer.status_code, answer.json()["data"]["wa_number"]) == (201, number)


def test_in_django_admin(admin: User, waiting: Contact) -> None:
    desk = Client()
    desk.force_login(admin)
    assert "1 confirmed" in confirm(desk, "/admin/contacts/contact/", "confirm", [waiting])
    assert state(waiting) == (True, True)
