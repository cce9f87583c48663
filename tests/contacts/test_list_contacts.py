"""GET /api/contacts/"""

from typing import Any

import pytest
from django.db import connection

from tests.contacts.expected import NOT_SIGNED_IN, failure, shown

URL = "/api/contacts/"


def found(client: Any, query: str = "") -> list[int]:
    response = client.get(URL + query)
    assert response.status_code == 200, response.json()
    return [row["id"] for row in response.json()["data"]["results"]]


def test_it_works(as_owner: Any, contact: Any) -> None:
    response = as_owner.get(URL)
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Contacts retrieved successfully",
        "data": {"count": 1, "next": None, "previous": None, "results": [shown(contact)]},
    }


def test_it_pages_inside_data(as_owner: Any, customer: Any, new_contact: Any) -> None:
    contacts = [new_contact(customer, number) for number in range(3)]
    first = as_owner.get(URL + "?page_size=2").json()["data"]
    assert first["count"] == 3
    assert first["next"] == "http://testserver/api/contacts/?page=2&page_size=2"
    assert first["previous"] is None
    second = as_owner.get(first["next"]).json()["data"]
    assert second["next"] is None
    assert second["previous"] == "http://testserver/api/contacts/?page_size=2"
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert ids == [contact.pk for contact in reversed(contacts)]


def test_an_empty_list_is_a_page_too(as_stranger: Any, contact: Any) -> None:
    data = as_stranger.get(URL).json()["data"]
    assert data == {"count": 0, "next": None, "previous": None, "results": []}


def test_everyone_sees_their_own(
    as_admin: Any,
    as_owner: Any,
    as_customer: Any,
    as_stranger: Any,
    contact: Any,
    other_customer: Any,
    new_contact: Any,
) -> None:
    foreign = new_contact(other_customer)
    assert found(as_admin) == [foreign.pk, contact.pk]
    assert found(as_owner) == found(as_customer) == [contact.pk]
    assert found(as_stranger) == [foreign.pk]
    assert found(as_owner, f"?customer_id={other_customer.pk}") == []


def test_a_customer_without_names_is_called_by_phone(as_stranger: Any, other_customer: Any, new_contact: Any) -> None:
    new_contact(other_customer)
    row = as_stranger.get(URL).json()["data"]["results"][0]
    assert (row["customer_name"], row["customer_username"]) == ("+94779999999", "")


def test_it_filters(as_admin: Any, customer: Any, other_customer: Any, contact: Any, new_contact: Any) -> None:
    passive = new_contact(customer, 1, is_active=False)
    foreign = new_contact(other_customer, 2)
    assert found(as_admin, f"?customer_id={customer.pk}") == [passive.pk, contact.pk]
    assert found(as_admin, "?is_active=false") == [passive.pk]
    assert found(as_admin, "?is_active=true") == [foreign.pk, contact.pk]
    assert found(as_admin, "?is_primary=true") == [contact.pk]
    assert found(as_admin, "?is_primary=false&is_active=true") == [foreign.pk]
    assert found(as_admin, "?customer_id=99999") == []


@pytest.mark.parametrize(
    "text",
    [
        "CONTACT@example",
        "771234560",
        "0771234560",
        "077 123 4560",
        "77 1234-560",
        "%2B94 77 123 4560",
        "%2B94771234560",
        "112345678",
        "0112345678",
        "doe",
        "john+contact",
        "johndoe",
        "john@example.com",
        "CUST{:06d}",
        "0771234567",
        "0771 2345",
        "(077) 123.4560",
        "%2B94 (0)77 1234560",
        "0094 77 1234560",
        "%E2%80%AA0771234560%E2%80%AC",
        "(011) 234/56",
    ],
)
def test_it_searches(as_admin: Any, contact: Any, other_customer: Any, new_contact: Any, text: str) -> None:
    new_contact(other_customer, 2, email="somebody@else.example", wa_number="+14155550100", tp_number="+14155550101")
    assert found(as_admin, f"?search={text.format(contact.customer_id)}") == [contact.pk]
    assert found(as_admin, "?search=nobody") == []


@pytest.mark.parametrize(
    ("query", "field", "text"),
    [
        ("?customer_id=x", "customer_id", "Enter a whole number."),
        ("?is_active=perhaps", "is_active", "Must be true or false."),
        ("?is_primary=perhaps", "is_primary", "Must be true or false."),
        ("?search=" + "x" * 501, "search", "Ensure this value has at most 500 characters (it has 501)."),
    ],
)
def test_it_says_what_is_wrong_with_a_filter(as_owner: Any, query: str, field: str, text: str) -> None:
    response = as_owner.get(URL + query)
    assert response.status_code == 400
    assert response.json() == failure("Validation failed", **{field: [text]})


@pytest.mark.parametrize("query", ["?page=0", "?page=99", "?page=x", "?page=99999999999999999999999"])
def test_it_has_no_such_page(as_owner: Any, contact: Any, query: str) -> None:
    response = as_owner.get(URL + query)
    assert response.status_code == 404
    assert response.json() == failure("Invalid page.")


@pytest.mark.parametrize(
    "query", ["?customer_id=99999999999999999999999", "?search=" + "a+" * 3000, "?search=%F0%9F%98%80", "?search=%25"]
)
def test_odd_queries_break_nothing(as_owner: Any, contact: Any, query: str) -> None:
    assert as_owner.get(URL + query).status_code in (200, 400)


def test_it_needs_a_sign_in(anonymous: Any, contact: Any) -> None:
    response = anonymous.get(URL)
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN


def test_it_asks_as_often_for_ten_as_for_one(
    as_owner: Any, customer: Any, new_contact: Any, django_assert_num_queries: Any
) -> None:
    new_contact(customer, 0)
    # The session, the count, the page; and how large the desk is, which SQLite cannot tell.
    asked = 4 if connection.vendor == "postgresql" else 3
    with django_assert_num_queries(asked):
        as_owner.get(URL)
    for number in range(1, 11):
        new_contact(customer, number)
    with django_assert_num_queries(asked):
        as_owner.get(URL)
