"""Whoever changes their own email or password enters the password they have."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from customers.models import Customer
from tests.cast import PASSWORD

OWN = "/api/customers/customers/update_profile/"
NEW = "Quite-Another-Word-44"
NEEDED = {"current_password": ["Enter your current password to change this."]}
WRONG = {"current_password": ["This is not your current password."]}


@pytest.fixture
def paths(customer: Customer, customer_login: User) -> list[str]:
    return [OWN, f"/api/customers/customers/{customer.pk}/"]


def test_customers_and_their_email(as_customer: APIClient, customer: Customer, paths: list[str]) -> None:
    for number, path in enumerate(paths):
        new = {"email": f"new{number}@example.com"}
        for given, refusal in (({}, NEEDED), ({"current_password": "wrong"}, WRONG)):
            answer = as_customer.patch(path, {**new, **given, "first_name": "Changed"})
            assert (answer.status_code, answer.json()) == (400, refusal)
            before = customer.first_name, customer.email
            customer.refresh_from_db()
            assert (customer.first_name, customer.email) == before
        answer = as_customer.patch(path, {**new, "current_password": PASSWORD})
        assert answer.status_code == 200
        assert answer.json()["email"] == new["email"]
        customer.refresh_from_db()


@pytest.mark.parametrize("body", [{"first_name": "Ann"}, {"phone": "+94771230909"}, {"email": "same"}])
def test_what_does_not_ask(
    as_customer: APIClient, customer_login: User, customer: Customer, body: dict[str, str]
) -> None:
    """A phone is only claimed, and a value that stays is no change."""
    if "email" in body:
        customer.refresh_from_db()
        body = {"email": customer.email}
    assert as_customer.patch(OWN, body).status_code == 200


@pytest.mark.parametrize("change", [{"email": "ada2@desk.example"}, {"password": NEW}])
def test_staff_and_their_own_login(as_admin: APIClient, admin: User, change: dict[str, str]) -> None:
    path = f"/api/users/{admin.pk}/"
    for given, refusal in (({}, NEEDED), ({"current_password": "wrong"}, WRONG)):
        answer = as_admin.patch(path, {**change, **given, "last_name": "Changed"})
        assert (answer.status_code, answer.json()) == (400, refusal)
    admin.refresh_from_db()
    assert admin.last_name != "Changed"
    assert admin.check_password(PASSWORD)
    assert as_admin.patch(path, {"last_name": "Changed"}).status_code == 200

    answer = as_admin.patch(path, {**change, "current_password": PASSWORD})
    assert answer.status_code == 200
    assert "current_password" not in answer.json()


def test_admins_and_the_logins_of_others(as_admin: APIClient, owner: User) -> None:
    assert as_admin.patch(f"/api/users/{owner.pk}/", {"password": NEW}).status_code == 200


def test_a_new_login_needs_none(as_admin: APIClient) -> None:
    body = {"username": "olga", "email": "o@desk.example", "role": "sales", "password": NEW, "current_password": "x"}
    assert as_admin.post("/api/users/", body).status_code == 201


def test_guesses_are_limited_and_leave_a_trace(as_customer: APIClient, customer_login: User, settings: Any) -> None:
    settings.THROTTLE_LOGIN = "2/min"
    answers = [
        as_customer.patch(OWN, {"email": "new@example.com", "current_password": guess}).status_code
        for guess in ("one", "two", PASSWORD)
    ]
    assert answers == [400, 400, 429]
    assert AuditEntry.objects.filter(verb="password_change_failed", actor=customer_login).count() == 2


def test_the_own_login_in_django_admin(client: Client, admin: User) -> None:
    client.force_login(admin)
    path = f"/admin/accounts/user/{admin.pk}/change/"
    form = {
        "username": admin.username, "email": "ada2@desk.example", "first_name": "Ada", "last_name": "", "role": "admin",
        "is_active": "on",
    }  # fmt: skip
    page = client.post(path, form)
    assert page.status_code == 200
    assert NEEDED["current_password"][0] in page.content.decode()
    assert "ada2@desk.example" in page.content.decode(), "what was typed is kept"

    assert client.post(path, {**form, "current_password": PASSWORD}).status_code == 302
    admin.refresh_from_db()
    assert admin.email == "ada2@desk.example"
