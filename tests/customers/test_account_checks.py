"""Who changes their email learns whether a login has it: nobody may ask about many."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from tests.cast import PASSWORD, ClientOf

API = "/api/customers/customers"


@pytest.fixture(autouse=True)
def _three(settings: Any) -> None:
    settings.THROTTLE_ACCOUNT_CHECKS = "3/hour"


def another_login(name: str) -> User:
    login = User.objects.create_user(name, f"{name}@example.com", PASSWORD, role="customer")
    Customer.objects.create(user=login, username=name, email=login.email)
    return login


def asks(client: APIClient, number: int, **extra: str) -> int:
    """Ask whether somebody has an email."""
    body = {"email": ("sam@desk.example", f"free{number}@example.com")[number % 2], "current_password": PASSWORD}
    return int(client.patch(f"{API}/update_profile/", body, **extra).status_code)


def test_a_login_may_ask_so_often_from_wherever(as_customer: APIClient, customer: Customer, owner: User) -> None:
    codes = [asks(as_customer, number, REMOTE_ADDR=f"10.0.0.{number}") for number in range(5)]

    assert codes == [400, 200, 400, 429, 429]
    customer.refresh_from_db()
    assert customer.email == "free1@example.com"


def test_an_address_may_ask_so_often_for_whomever(owner: User, client_of: ClientOf) -> None:
    clients = [client_of(another_login(f"login{number}")) for number in range(5)]

    assert [asks(client, 2 * number) for number, client in enumerate(clients)] == [400, 400, 400, 429, 429]
    assert asks(clients[4], 1, REMOTE_ADDR="10.0.0.9") == 200


def test_the_answer_says_how_long_to_wait(as_customer: APIClient, customer: Customer, owner: User) -> None:
    for number in range(3):
        asks(as_customer, number)
    before = Customer.objects.filter(pk=customer.pk).values().get()

    answer = as_customer.patch(f"{API}/{customer.pk}/", {"email": "other@example.com", "first_name": "Changed"})

    assert answer.status_code == 429
    assert answer.json()["detail"].startswith("Too many changes of the email address.")
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert Customer.objects.filter(pk=customer.pk).values().get() == before


def test_what_asks_nothing_costs_nothing(as_customer: APIClient, customer: Customer) -> None:
    """The email they have, and phones: nothing tells whether these are known."""
    for number in range(6):
        body = {"email": customer.email, "phone": f"+9477000000{number}", "first_name": f"J{number}"}
        assert as_customer.put(f"{API}/update_profile/", body).status_code == 200


def test_admins_may_look_anyway(as_admin: APIClient, customer: Customer, customer_login: User) -> None:
    codes = [
        as_admin.patch(f"{API}/{customer.pk}/", {"email": f"new{number}@example.com"}).status_code
        for number in range(5)
    ]
    assert codes == [200] * 5


def test_registering_has_a_limit_of_its_own(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.THROTTLE_REGISTER = "5/hour"
    body = {"username": "sam", "email": "sam@desk.example", "password": "Quiet-River-88", "password2": "Quiet-River-88"}

    codes = [anonymous.post("/api/customers/register/", body).status_code for _ in range(7)]

    assert codes == [400] * 5 + [429] * 2
