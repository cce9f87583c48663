"""GET /api/customers/{id}/contacts/"""

from typing import Any

import pytest

from tests.contacts.expected import NOT_SIGNED_IN, failure, shown


@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, customer: Any, new_contact: Any, client: str) -> None:
    first, second, primary = (new_contact(customer, number, is_primary=number == 2) for number in range(3))
    response = request.getfixturevalue(client).get(f"/api/customers/{customer.pk}/contacts/")
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Customer contacts retrieved successfully",
        "data": {
            "customer": {
                "id": customer.pk,
                "customer_id": f"CUST{customer.pk:06d}",
                "full_name": "John Doe",
                "username": "johndoe",
            },
            "contacts": [shown(primary), shown(first), shown(second)],
        },
    }


def test_somebody_without_contacts_has_an_empty_list(as_owner: Any, customer: Any) -> None:
    assert as_owner.get(f"/api/customers/{customer.pk}/contacts/").json()["data"]["contacts"] == []


def test_foreign_and_missing_look_the_same(
    as_stranger: Any, as_customer: Any, contact: Any, other_customer: Any
) -> None:
    for client, pk in (
        (as_stranger, contact.customer_id),
        (as_customer, other_customer.pk),
        (as_stranger, 10**30),
        (as_stranger, "9" * 5000),
    ):
        response = client.get(f"/api/customers/{pk}/contacts/")
        assert response.status_code == 404
        assert response.json() == failure("Customer not found.")


def test_it_needs_a_sign_in(anonymous: Any, contact: Any) -> None:
    response = anonymous.get(f"/api/customers/{contact.customer_id}/contacts/")
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
