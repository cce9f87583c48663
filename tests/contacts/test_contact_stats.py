"""GET /api/contacts/stats/"""

from typing import Any

from customers.models import Customer
from tests.contacts.expected import NOT_SIGNED_IN, failure

URL = "/api/contacts/stats/"


def test_it_works(as_owner: Any, owner: Any, customer: Any, contact: Any, new_contact: Any) -> None:
    new_contact(customer, 1, is_active=False)
    new_contact(customer, 2)
    Customer.objects.create(owner=owner)
    Customer.objects.create(owner=owner)
    response = as_owner.get(URL)
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "total_contacts": 3,
            "active_contacts": 2,
            "inactive_contacts": 1,
            "primary_contacts": 1,
            "customers_with_contacts": 1,
            "customers_without_contacts": 2,
        },
    }


def test_it_counts_what_the_caller_may_see(
    as_admin: Any, as_stranger: Any, as_customer: Any, contact: Any, other_customer: Any
) -> None:
    def counts(client: Any) -> list[int]:
        return list(client.get(URL).json()["data"].values())

    assert counts(as_admin) == [1, 1, 0, 1, 1, 1]
    assert counts(as_stranger) == [0, 0, 0, 0, 0, 1]
    assert counts(as_customer) == [1, 1, 0, 1, 1, 0]


def test_it_is_for_looking_only(as_owner: Any) -> None:
    response = as_owner.post(URL)
    assert response.status_code == 405
    assert response.json() == failure('Method "POST" not allowed.')


def test_it_needs_a_sign_in(anonymous: Any) -> None:
    response = anonymous.get(URL)
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
