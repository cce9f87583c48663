"""PUT and PATCH /api/contacts/{id}/"""

from typing import Any

import pytest

from contacts.models import Contact
from customers.models import Event
from tests.contacts.expected import NO_CONTACT, NOT_SIGNED_IN, failure, shown, snapshot

NEW = {
    "email": "updated.contact@example.com",
    "wa_number": "+94771234568",
    "tp_number": "+94112345679",
    "is_primary": False,
    "is_active": True,
}


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, contact: Any, method: str, client: str) -> None:
    before = contact.updated_at
    response = getattr(request.getfixturevalue(client), method)(f"/api/contacts/{contact.pk}/", NEW)
    assert response.status_code == 200
    assert response.json() == {"success": True, "message": "Contact updated successfully", "data": shown(contact)}
    assert {field: getattr(contact, field) for field in NEW} == NEW
    assert contact.updated_at > before
    assert Event.objects.filter(customer=contact.customer_id, type="customer_updated").count() == 2


def test_it_takes_part_of_the_fields(as_owner: Any, contact: Any) -> None:
    response = as_owner.put(f"/api/contacts/{contact.pk}/", {"wa_number": "0771234568"})
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["wa_number"], data["email"], data["is_primary"]) == ("+94771234568", "contact@example.com", True)


def test_what_is_as_it_was_changes_nothing(as_owner: Any, contact: Any) -> None:
    before = snapshot()
    body = {"customer": contact.customer_id, "wa_number": "0771234560", "is_primary": True}
    for same in ({}, body):
        assert as_owner.put(f"/api/contacts/{contact.pk}/", same).status_code == 200
    assert snapshot() == before
    assert Event.objects.count() == 1


def test_its_customer_stays(as_admin: Any, contact: Any, other_customer: Any) -> None:
    before = snapshot()
    for pk in (other_customer.pk, 99999):
        response = as_admin.put(f"/api/contacts/{contact.pk}/", {**NEW, "customer": pk})
        assert response.status_code == 400
        assert response.json() == failure(
            "Validation failed", customer=["The customer of a contact cannot be changed."]
        )
    assert as_admin.put(f"/api/contacts/{contact.pk}/", {"customer": None}).status_code == 400
    assert snapshot() == before
    assert as_admin.put(f"/api/contacts/{contact.pk}/", {**NEW, "customer": contact.customer_id}).status_code == 200


def test_becoming_primary_takes_it_from_the_other(as_owner: Any, customer: Any, contact: Any, new_contact: Any) -> None:
    second = new_contact(customer, 1)
    assert as_owner.patch(f"/api/contacts/{second.pk}/", {"is_primary": True}).status_code == 200
    assert [row.pk for row in Contact.objects.filter(is_primary=True)] == [second.pk]


def test_addresses_of_another_contact_are_taken(as_owner: Any, customer: Any, contact: Any, new_contact: Any) -> None:
    second = new_contact(customer, 1)
    before = snapshot()
    body = {"email": "Contact@EXAMPLE.com", "wa_number": "0771234560", "tp_number": "+94 112 345 678"}
    response = as_owner.put(f"/api/contacts/{second.pk}/", {**body, "is_primary": True})
    assert response.status_code == 400
    assert response.json() == failure(
        "Validation failed",
        email=["This customer already has a contact with this email."],
        wa_number=["This customer already has a contact with this WhatsApp number."],
        tp_number=["This customer already has a contact with this telephone number."],
    )
    assert snapshot() == before


def test_the_case_of_an_email_may_change(as_owner: Any, contact: Any) -> None:
    response = as_owner.patch(f"/api/contacts/{contact.pk}/", {"email": "Contact@Example.com"})
    assert response.status_code == 200
    assert response.json()["data"]["email"] == "Contact@Example.com"


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"email": ""}, {"email": ["This field may not be blank."]}),
        ({"wa_number": "1"}, {"wa_number": ["WhatsApp number must be in format '+94771234567' or '0771234567'."]}),
        ({"tp_number": "1"}, {"tp_number": ["Telephone number must be in format '+94112345678' or '0112345678'."]}),
        ({"is_active": 7}, {"is_active": ["Must be a valid boolean."]}),
    ],
)
def test_it_refuses_bad_fields(as_owner: Any, contact: Any, change: dict[str, Any], errors: dict[str, Any]) -> None:
    before = snapshot()
    response = as_owner.put(f"/api/contacts/{contact.pk}/", {**NEW, **change})
    assert response.status_code == 400
    assert response.json() == failure("Validation failed", **errors)
    assert snapshot() == before


def test_nobody_else_can(as_stranger: Any, anonymous: Any, contact: Any) -> None:
    before = snapshot()
    for pk in (contact.pk, 99999):
        response = as_stranger.put(f"/api/contacts/{pk}/", NEW)
        assert response.status_code == 404
        assert response.json() == NO_CONTACT
    response = anonymous.put(f"/api/contacts/{contact.pk}/", NEW)
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
    assert snapshot() == before
