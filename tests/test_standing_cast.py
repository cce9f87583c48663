"""The cast stands from test to test, and each test finds it as if it were new. Each of these runs twice in a row."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Session, User
from customers.models import Customer

pytestmark = pytest.mark.parametrize("turn", [1, 2])


def test_what_a_test_changes_is_as_before(turn: int, owner: User, customer: Customer, as_owner: APIClient) -> None:
    assert (owner.first_name, customer.owner, customer.first_name) == ("Sam", owner, "John")
    assert as_owner.get(f"/api/customers/{customer.pk}/").json()["first_name"] == "John"

    assert as_owner.patch(f"/api/customers/{customer.pk}/", {"first_name": "Joe"}).status_code == 200
    owner.first_name = customer.first_name = "Somebody else"
    owner.save()


def test_a_session_that_a_test_ended_goes_on(turn: int, owner: User, as_owner: APIClient) -> None:
    assert as_owner.get("/api/auth/me/").status_code == 200

    Session.objects.all().delete()

    assert as_owner.get("/api/auth/me/").status_code == 401


def test_one_who_became_a_login_is_none_for_the_next(turn: int, request: Any, customer: Customer) -> None:
    assert customer.user is None
    assert request.getfixturevalue("customer_login").customer == customer
    customer.refresh_from_db()
    assert customer.user is not None


def test_who_is_not_named_is_not_there(turn: int, owner: User) -> None:
    assert list(User.objects.all()) == [owner]
    assert not Customer.objects.exists()
    assert not Session.objects.exists()


def test_everybody_is_there(turn: int, admin: User, stranger: User, things: dict[str, int]) -> None:
    assert User.objects.filter(role__in=("admin", "sales")).count() == 3
    assert things["user"] == stranger.pk


def test_nobody_is_there(turn: int, db: None) -> None:
    assert not User.objects.exists()


def test_real_commits_find_nobody(turn: int, transactional_db: None) -> None:
    assert not User.objects.exists()


def test_who_is_made_in_a_test_with_real_commits(turn: int, transactional_db: None, as_admin: APIClient) -> None:
    assert as_admin.get("/api/auth/me/").json()["username"] == "ada"
    assert User.objects.count() == 1
