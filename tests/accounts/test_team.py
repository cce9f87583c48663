"""`GET /api/team/`: the colleagues, as every member of staff sees them."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.cast import PASSWORD

URL = "/api/team/"


@pytest.fixture
def team(admin: User, owner: User, stranger: User, customer_login: User) -> dict[str, User]:
    """Two active salespeople and an admin; one who left, one without a name, one who was removed, and a customer."""
    left = User.objects.create_user("lena", "lena@desk.example", PASSWORD, first_name="Lena", role="sales")
    User.objects.filter(pk=left.pk).update(is_active=False)
    nameless = User.objects.create_user("bea", "bea@desk.example", PASSWORD, role="sales")
    return {"admin": admin, "owner": owner, "stranger": stranger, "left": left, "nameless": nameless}


def row(user: User, name: str, role: str = "sales", *, is_active: bool = True) -> dict[str, Any]:
    more = {"availability": "online", "open_chats": 0, "team": None}
    return {"id": user.pk, "name": name, "role": role, "is_active": is_active, **more}


def test_active_colleagues_by_name(team: dict[str, User], as_stranger: APIClient, as_admin: APIClient) -> None:
    active = [
        row(team["admin"], "Ada", "admin"),
        row(team["nameless"], "bea"),
        row(team["owner"], "Sam"),
        row(team["stranger"], "Stella"),
    ]

    for client in (as_stranger, as_admin):
        assert client.get(URL).json() == active
        assert client.get(URL, {"is_active": "true"}).json() == active
        assert client.get(URL, {"is_active": ""}).json() == active


def test_only_admins_see_who_left(team: dict[str, User], as_stranger: APIClient, as_admin: APIClient) -> None:
    left = row(team["left"], "Lena", is_active=False)

    assert as_admin.get(URL, {"is_active": "false"}).json() == [left]
    assert as_stranger.get(URL, {"is_active": "false"}).json() == []


def test_removed_logins_are_not_there(team: dict[str, User], as_admin: APIClient) -> None:
    assert as_admin.delete(f"/api/users/{team['owner'].pk}/").status_code == 204

    for query in ({}, {"is_active": "false"}):
        assert team["owner"].pk not in [member["id"] for member in as_admin.get(URL, query).json()]


def test_it_is_read_only(team: dict[str, User], as_admin: APIClient) -> None:
    for method in (as_admin.post, as_admin.put, as_admin.patch, as_admin.delete):
        assert method(URL, {"name": "Zoe"}).status_code == 405
    assert User.objects.count() == 6


def test_two_statements_however_large_the_team(
    team: dict[str, User], as_admin: APIClient, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):  # the session; the team, and its open chats
        as_admin.get(URL)
