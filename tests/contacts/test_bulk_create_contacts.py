"""POST /api/contacts/bulk-create/"""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from customers.models import Customer, Event
from tests.contacts.expected import NOT_SIGNED_IN, failure, shown, snapshot

URL = "/api/contacts/bulk-create/"


def item(person: Any, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "customer": person.pk,
        "email": f"contact{number}@example.com",
        "wa_number": f"0771{number:06d}",
        "tp_number": f"+9411{number:07d}",
        **fields,
    }


def post(client: Any, *items: Any) -> Any:
    return client.post(URL, {"contacts": [*items]})


@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, customer: Any, client: str) -> None:
    response = post(
        request.getfixturevalue(client), item(customer, 1, is_primary=True), item(customer, 2, is_active=False)
    )
    assert response.status_code == 201
    first, second = Contact.objects.order_by("pk")
    assert response.json() == {
        "success": True,
        "message": "Created 2 contacts successfully",
        "data": {"created_contacts": [shown(first), shown(second)], "errors": []},
    }
    assert (first.wa_number, first.is_primary, first.is_active) == ("+94771000001", True, True)
    assert (second.is_primary, second.is_active) == (False, False)
    assert Event.objects.filter(customer=customer, type="customer_updated").count() == 1


def test_some_are_good(as_owner: Any, customer: Any, contact: Any, other_customer: Any) -> None:
    response = post(
        as_owner,
        item(customer, 1, email="nobody", wa_number="1"),
        item(customer, 2),
        item(other_customer, 3),
        item(customer, 4, email="CONTACT@example.com"),
        "text",
        None,
        item(customer, 5),
        {},
    )
    assert response.status_code == 207
    first, second = Contact.objects.exclude(pk=contact.pk).order_by("pk")
    required = ["This field is required."]
    assert response.json() == {
        "success": True,
        "message": "Created 2 contacts successfully",
        "data": {
            "created_contacts": [shown(first), shown(second)],
            "errors": [
                {
                    "index": 0,
                    "errors": {
                        "email": ["Enter a valid email address."],
                        "wa_number": ["WhatsApp number must be in format '+94771234567' or '0771234567'."],
                    },
                },
                {
                    "index": 2,
                    "errors": {"customer": [f'Invalid pk "{other_customer.pk}" - object does not exist.']},
                },
                {"index": 3, "errors": {"email": ["This customer already has a contact with this email."]}},
                {
                    "index": 4,
                    "errors": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]},
                },
                {"index": 5, "errors": {"non_field_errors": ["This field may not be null."]}},
                {
                    "index": 7,
                    "errors": {"customer": required, "email": required, "wa_number": required, "tp_number": required},
                },
            ],
        },
    }
    assert (first.email, second.email) == ("contact2@example.com", "contact5@example.com")


def test_none_are_good(as_owner: Any, customer: Any, contact: Any) -> None:
    before = snapshot()
    response = post(
        as_owner, item(customer, 1, email=contact.email, is_primary=True), item(customer, 2, customer=99999)
    )
    assert response.status_code == 400
    assert response.json() == failure(
        "No contacts were created",
        contacts=[
            {"index": 0, "errors": {"email": ["This customer already has a contact with this email."]}},
            {"index": 1, "errors": {"customer": ['Invalid pk "99999" - object does not exist.']}},
        ],
    )
    assert snapshot() == before
    assert Event.objects.count() == 1


def test_it_finds_duplicates_within_the_request(as_admin: Any, customer: Any, other_customer: Any) -> None:
    response = post(
        as_admin,
        item(customer, 1),
        item(customer, 2, email="Contact1@EXAMPLE.com"),
        item(customer, 3, wa_number="+94771000001"),
        item(customer, 4, tp_number="0110000001"),
        item(other_customer, 1),
        item(customer, 2),
    )
    assert response.status_code == 207
    assert [error["index"] for error in response.json()["data"]["errors"]] == [1, 2, 3]
    assert [list(error["errors"]) for error in response.json()["data"]["errors"]] == [
        ["email"],
        ["wa_number"],
        ["tp_number"],
    ]
    # A refused item takes nothing away from a later one.
    assert Contact.objects.filter(customer=customer).count() == 2


def test_of_several_primaries_the_last_good_one_stays(as_owner: Any, customer: Any, contact: Any) -> None:
    response = post(
        as_owner,
        item(customer, 1, is_primary=True),
        item(customer, 2, is_primary=True),
        item(customer, 3),
        item(customer, 4, is_primary=True, email="nobody"),
        item(customer, 5, is_primary=True, email=contact.email),
    )
    assert response.status_code == 207
    created = response.json()["data"]["created_contacts"]
    assert [row["is_primary"] for row in created] == [False, True, False]
    assert [row.pk for row in Contact.objects.filter(is_primary=True)] == [created[1]["id"]]


def test_a_bulk_without_primaries_leaves_the_primary(as_owner: Any, customer: Any, contact: Any) -> None:
    assert post(as_owner, item(customer, 1)).status_code == 201
    assert Contact.objects.get(is_primary=True) == contact


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "This field is required."),
        ({"contacts": None}, "This field may not be null."),
        ({"contacts": []}, "This list may not be empty."),
        ({"contacts": {}}, 'Expected a list of items but got type "dict".'),
        ({"contacts": "x"}, 'Expected a list of items but got type "str".'),
        ({"contacts": [{}] * 1001}, "Ensure this field has no more than 1000 elements."),
    ],
)
def test_it_refuses_what_is_no_bulk(as_owner: Any, body: Any, text: str) -> None:
    response = as_owner.post(URL, body)
    assert response.status_code == 400
    assert response.json() == failure("Validation failed", contacts=[text])
    assert not Contact.objects.exists()


@pytest.mark.parametrize("pk", [-1, 0, 10**18, 10**30])
def test_odd_ids_are_nobody(as_admin: Any, customer: Any, pk: int) -> None:
    response = post(as_admin, item(customer, 1, customer=pk), item(customer, 2))
    assert response.status_code == 207
    assert response.json()["data"]["errors"] == [
        {"index": 0, "errors": {"customer": [f'Invalid pk "{pk}" - object does not exist.']}}
    ]


def test_it_needs_a_sign_in(anonymous: Any, customer: Any) -> None:
    response = post(anonymous, item(customer, 1))
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
    assert not Contact.objects.exists()


def queries(client: Any, items: list[Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = post(client, *items)
    assert response.status_code == 201, response.json()
    assert len(response.json()["data"]["created_contacts"]) == len(items)
    return len(captured)


def test_ninety_cost_as_many_queries_as_one(as_admin: Any, customer: Any, owner: Any) -> None:
    few = queries(as_admin, [item(customer, 1, is_primary=True)])
    one_customer = [item(customer, 100 + number, is_primary=number == 50) for number in range(90)]
    assert queries(as_admin, one_customer) == few
    customers = Customer.objects.bulk_create(Customer(owner=owner) for _ in range(90))
    each_another = [item(person, number, is_primary=True) for number, person in enumerate(customers)]
    assert queries(as_admin, each_another) == few


def test_a_thousand_go_in_one_request(as_admin: Any, owner: Any) -> None:
    customers = Customer.objects.bulk_create(Customer(owner=owner) for _ in range(1000))
    hundred = queries(
        as_admin, [item(person, number, is_primary=True) for number, person in enumerate(customers[:100])]
    )
    thousand = [item(person, 2000 + number, is_primary=True) for number, person in enumerate(customers)]
    # SQLite inserts 99 rows per statement.
    assert queries(as_admin, thousand) <= hundred + 33
    assert Contact.objects.filter(is_primary=True).count() == 1000
    assert Event.objects.count() == 1100
