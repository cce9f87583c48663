"""POST /api/contacts/"""

from typing import Any

import pytest

from contacts.models import Contact
from customers.models import Event
from tests.contacts.expected import FIELDS, NOT_SIGNED_IN, failure, shown, snapshot

URL = "/api/contacts/"
WA_FORMAT = "WhatsApp number must be in format '+94771234567' or '0771234567'."
TP_FORMAT = "Telephone number must be in format '+94112345678' or '0112345678'."
TAKEN = {
    "email": ["This customer already has a contact with this email."],
    "wa_number": ["This customer already has a contact with this WhatsApp number."],
    "tp_number": ["This customer already has a contact with this telephone number."],
}


def test_it_works(as_owner: Any, customer: Any, owner: Any) -> None:
    response = as_owner.post(URL, {"customer": customer.pk, **FIELDS, "is_primary": True, "is_active": True})
    assert response.status_code == 201
    contact = Contact.objects.get()
    assert response.json() == {
        "success": True,
        "message": "Customer contact created successfully",
        "data": shown(contact),
    }
    assert contact.is_primary
    assert contact.created_at == contact.updated_at
    event = Event.objects.get(customer=customer)
    assert (event.seq, event.type, event.actor, event.data["id"]) == (1, "customer_updated", owner, customer.pk)


@pytest.mark.parametrize("format", ["json", "multipart"])
def test_the_first_contact_stays_as_the_request_says(as_owner: Any, customer: Any, format: str) -> None:
    response = as_owner.post(URL, {"customer": customer.pk, **FIELDS}, format=format)
    assert response.status_code == 201
    data = response.json()["data"]
    assert (data["is_primary"], data["is_active"]) == (False, True)


def test_a_new_primary_takes_the_place_of_the_old(as_owner: Any, customer: Any, contact: Any) -> None:
    other = {"email": "new@example.com", "wa_number": "+94770000001", "tp_number": "+94110000001"}
    response = as_owner.post(URL, {"customer": customer.pk, **other, "is_primary": True})
    assert response.status_code == 201
    before = contact.updated_at
    contact.refresh_from_db()
    assert not contact.is_primary
    assert contact.updated_at > before
    assert Contact.objects.get(is_primary=True).pk == response.json()["data"]["id"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0771234567", "+94771234567"),
        ("077 123-4567", "+94771234567"),
        ("+94 77 123 4567", "+94771234567"),
        ("+1 415 555 0100", "+14155550100"),
        ("+4915112345678", "+4915112345678"),
    ],
)
def test_it_keeps_numbers_in_international_form(as_owner: Any, customer: Any, given: str, kept: str) -> None:
    body = {"customer": customer.pk, "email": "a@example.com", "wa_number": given, "tp_number": given}
    data = as_owner.post(URL, body).json()["data"]
    assert data["wa_number"] == data["tp_number"] == data["contact_info"]["whatsapp"] == kept


@pytest.mark.parametrize("number", ["", " ", "abc", "123", "+1234567", "+1234567890123456", "٠٧٧١٢٣٤٥٦٧", "1" * 5000])
def test_it_refuses_what_is_no_number(as_owner: Any, customer: Any, number: str) -> None:
    response = as_owner.post(URL, {"customer": customer.pk, **FIELDS, "wa_number": number, "tp_number": number})
    assert response.status_code == 400
    assert response.json() == failure("Validation failed", wa_number=[WA_FORMAT], tp_number=[TP_FORMAT])
    assert not Contact.objects.exists()
    assert not Event.objects.exists()


def test_it_names_every_missing_field(as_owner: Any) -> None:
    response = as_owner.post(URL, {})
    assert response.status_code == 400
    required = ["This field is required."]
    assert response.json() == failure(
        "Validation failed", customer=required, email=required, wa_number=required, tp_number=required
    )


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"email": "nobody"}, {"email": ["Enter a valid email address."]}),
        ({"email": None}, {"email": ["This field may not be null."]}),
        ({"email": f"{'a' * 250}@example.com"}, {"email": ["Ensure this field has no more than 254 characters."]}),
        ({"wa_number": None}, {"wa_number": ["This field may not be null."]}),
        ({"wa_number": ["+94771234567"]}, {"wa_number": [WA_FORMAT]}),
        ({"tp_number": True}, {"tp_number": [TP_FORMAT]}),
        ({"is_primary": "perhaps"}, {"is_primary": ["Must be a valid boolean."]}),
        ({"is_active": None}, {"is_active": ["This field may not be null."]}),
        ({"is_active": {}}, {"is_active": ["Must be a valid boolean."]}),
        ({"customer": None}, {"customer": ["This field may not be null."]}),
        ({"customer": "x"}, {"customer": ["A valid integer is required."]}),
        ({"customer": True}, {"customer": ["A valid integer is required."]}),
        ({"customer": -1}, {"customer": ['Invalid pk "-1" - object does not exist.']}),
        ({"customer": 10**30}, {"customer": [f'Invalid pk "{10**30}" - object does not exist.']}),
    ],
)
def test_it_refuses_bad_fields(as_owner: Any, customer: Any, change: dict[str, Any], errors: dict[str, Any]) -> None:
    response = as_owner.post(URL, {"customer": customer.pk, **FIELDS, **change})
    assert response.status_code == 400
    assert response.json() == failure("Validation failed", **errors)
    assert not Contact.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"text"', "12"])
def test_it_refuses_what_is_no_object(as_owner: Any, body: str) -> None:
    response = as_owner.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["non_field_errors"]


def test_one_customer_has_each_address_once(as_owner: Any, customer: Any, contact: Any) -> None:
    before = snapshot()
    same = {"email": "CONTACT@Example.com", "wa_number": "0771234560", "tp_number": "0112345678"}
    response = as_owner.post(URL, {"customer": customer.pk, **same, "is_primary": True})
    assert response.status_code == 400
    assert response.json() == failure("Validation failed", **TAKEN)
    assert snapshot() == before


@pytest.mark.parametrize("field", TAKEN)
def test_it_names_the_taken_one(as_owner: Any, customer: Any, contact: Any, field: str) -> None:
    other = {"email": "new@example.com", "wa_number": "+94770000001", "tp_number": "+94110000001"}
    response = as_owner.post(URL, {"customer": customer.pk, **other, field: FIELDS[field]})
    assert response.status_code == 400
    assert response.json() == failure("Validation failed", **{field: TAKEN[field]})
    assert Contact.objects.count() == 1


def test_two_customers_may_share_an_address(as_admin: Any, contact: Any, other_customer: Any) -> None:
    assert as_admin.post(URL, {"customer": other_customer.pk, **FIELDS, "is_primary": True}).status_code == 201
    assert Contact.objects.filter(is_primary=True).count() == 2


def test_the_case_of_a_foreign_domain_makes_no_difference(as_owner: Any, customer: Any) -> None:
    first = {"customer": customer.pk, "email": "a@BÜCHER.example", "wa_number": "0770000001", "tp_number": "0110000001"}
    assert as_owner.post(URL, first).json()["data"]["email"] == "a@bücher.example"
    second = {**first, "email": "A@bücher.example", "wa_number": "0770000002", "tp_number": "0110000002"}
    assert as_owner.post(URL, second).json()["errors"] == {"email": TAKEN["email"]}


def test_a_customer_creates_their_own(as_customer: Any, customer: Any, other_customer: Any) -> None:
    assert as_customer.post(URL, {"customer": customer.pk, **FIELDS}).status_code == 201
    assert as_customer.post(URL, {"customer": other_customer.pk, **FIELDS}).status_code == 400
    assert Contact.objects.count() == 1


def test_foreign_and_missing_customers_look_the_same(as_stranger: Any, customer: Any) -> None:
    for pk in (customer.pk, 99999):
        response = as_stranger.post(URL, {"customer": pk, **FIELDS})
        assert response.status_code == 400
        assert response.json() == failure("Validation failed", customer=[f'Invalid pk "{pk}" - object does not exist.'])
    assert not Contact.objects.exists()


def test_it_needs_a_sign_in(anonymous: Any, customer: Any) -> None:
    response = anonymous.post(URL, {"customer": customer.pk, **FIELDS})
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
    assert not Contact.objects.exists()
