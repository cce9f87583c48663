from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer

URL = "/api/auth/me/"


def test_it_works(as_owner: APIClient, owner: User) -> None:
    assert as_owner.get(URL).json() == {
        "id": owner.pk,
        "username": "sam",
        "email": "sam@desk.example",
        "first_name": "Sam",
        "last_name": "",
        "role": "sales",
        "is_active": True,
        "availability": "online",
        "customer": None,
        "mfa_enabled": False,
        "base_currency": "USD",
    }


def test_customers_see_their_id(as_customer: APIClient, customer: Customer) -> None:
    assert as_customer.get(URL).json()["customer"] == customer.pk
    assert as_customer.get(URL).json()["role"] == "customer"


def test_it_can_be_sent_back_as_it_came(as_owner: APIClient, owner: User) -> None:
    row = as_owner.get(URL).json()

    answer = as_owner.patch(URL, {**row, "availability": "away"})
    assert (answer.status_code, answer.json()) == (200, {**row, "availability": "away"})

    refused = as_owner.patch(URL, {**row, "email": "other@desk.example"})
    assert (refused.status_code, list(refused.json())) == (400, ["email"])
    owner.refresh_from_db()
    assert (owner.email, owner.availability) == ("sam@desk.example", "away")


def test_anonymous_requests_are_refused(anonymous: APIClient) -> None:
    answer = anonymous.get(URL)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_it_is_read_only(as_owner: APIClient, owner: User) -> None:
    for method in (as_owner.put, as_owner.post, as_owner.delete):
        assert method(URL, {"role": "admin"}).status_code == 405
    assert list(as_owner.patch(URL, {"role": "admin", "availability": "away"}).json()) == ["role"]
    owner.refresh_from_db()
    assert owner.role == "sales"
