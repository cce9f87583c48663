"""GET /api/customers-with-contacts/"""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import customers_with_contacts
from customers.models import Customer
from tests.contacts.expected import NOT_SIGNED_IN, shown

URL = "/api/customers-with-contacts/"


def body_of(response: Any) -> Any:
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    return json.loads(b"".join(response.streaming_content))


@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, customer: Any, new_contact: Any, client: str) -> None:
    first, primary = new_contact(customer, 1), new_contact(customer, 2, is_primary=True)
    Customer.objects.filter(pk=customer.pk).update(nic="123456789V", is_verified=True)
    assert body_of(request.getfixturevalue(client).get(URL)) == {
        "success": True,
        "message": "Customers with contacts retrieved successfully",
        "data": [
            {
                "id": customer.pk,
                "customer_id": f"CUST{customer.pk:06d}",
                "username": "johndoe",
                "email": "john@example.com",
                "first_name": "John",
                "last_name": "Doe",
                "full_name": "John Doe",
                "nic": "123456789V",
                "is_verified": True,
                "contacts": [shown(primary), shown(first)],
                "primary_contact": shown(primary),
            }
        ],
    }


def test_nobody_is_an_empty_list(as_stranger: Any, contact: Any) -> None:
    assert body_of(as_stranger.get(URL)) == {
        "success": True,
        "message": "Customers with contacts retrieved successfully",
        "data": [],
    }


def test_it_shows_customers_without_contacts_too(as_admin: Any, customer: Any, other_customer: Any) -> None:
    rows = body_of(as_admin.get(URL))["data"]
    assert [(row["id"], row["contacts"], row["primary_contact"]) for row in rows] == [
        (customer.pk, [], None),
        (other_customer.pk, [], None),
    ]
    assert rows[1]["full_name"] == "+94779999999"


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_it_goes_on_over_chunks(
    as_owner: Any, owner: Any, new_contact: Any, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers_with_contacts, "CUSTOMERS_PER_CHUNK", 2)
    customers = [Customer.objects.create(first_name=f"Ö{number}", owner=owner) for number in range(count)]
    for number, customer in enumerate(customers):
        new_contact(customer, number, is_primary=True)
    rows = body_of(as_owner.get(URL))["data"]
    assert [row["id"] for row in rows] == [customer.pk for customer in customers]
    assert all(row["primary_contact"]["customer"] == row["id"] for row in rows)


def test_its_queries_do_not_grow_with_the_customers(as_owner: Any, owner: Any, new_contact: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            body_of(as_owner.get(URL))
        return len(captured)

    new_contact(Customer.objects.create(owner=owner))
    few = queries()
    for number in range(20):
        new_contact(Customer.objects.create(owner=owner), number)
    assert queries() == few == 3


def test_it_needs_a_sign_in(anonymous: Any, contact: Any) -> None:
    response = anonymous.get(URL)
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
