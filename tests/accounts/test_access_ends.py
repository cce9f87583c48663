"""Changes that end the sessions of a login. Its access tokens stop working with the next request."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.models import Session, User
from accounts.tokens import Tokens
from core.live import publishing
from tests.cast import PASSWORD

ME = "/api/auth/me/"
ENDING: list[dict[str, Any]] = [{"password": "mango-river-88"}, {"is_active": False}, {"role": "admin"}]


@pytest.fixture
def tokens(owner: User) -> Tokens:
    return sign_in(user=owner)


def me(access: str) -> int:
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {access}").status_code


def refresh(token: str) -> int:
    return APIClient().post("/api/auth/refresh/", {"refresh": token}).status_code


@pytest.mark.parametrize("change", ENDING)
def test_change_by_an_admin(as_admin: APIClient, owner: User, tokens: Tokens, change: dict[str, Any]) -> None:
    assert me(tokens.access) == 200

    assert as_admin.patch(f"/api/users/{owner.pk}/", change).status_code == 200

    assert me(tokens.access) == 401
    assert refresh(tokens.refresh) == 401
    assert as_admin.get(ME).status_code == 200


@pytest.mark.parametrize(
    "change", [{"first_name": "Samuel"}, {"role": "sales"}, {"is_active": True}, {"username": "samuel"}]
)
def test_other_changes_leave_them(as_admin: APIClient, owner: User, tokens: Tokens, change: dict[str, Any]) -> None:
    assert as_admin.patch(f"/api/users/{owner.pk}/", change).status_code == 200
    assert me(tokens.access) == 200


@pytest.mark.parametrize("change", [{"password": "short"}, {"is_active": False, "email": "ada@desk.example"}])
def test_refused_changes_leave_them(as_admin: APIClient, owner: User, tokens: Tokens, change: dict[str, Any]) -> None:
    assert as_admin.patch(f"/api/users/{owner.pk}/", change).status_code == 400
    assert me(tokens.access) == 200


def test_removal(as_admin: APIClient, owner: User, tokens: Tokens) -> None:
    assert as_admin.delete(f"/api/users/{owner.pk}/").status_code == 204
    assert me(tokens.access) == 401
    assert refresh(tokens.refresh) == 401


def test_reactivation_does_not_restore_sessions(as_admin: APIClient, owner: User, tokens: Tokens) -> None:
    as_admin.patch(f"/api/users/{owner.pk}/", {"is_active": False})
    as_admin.patch(f"/api/users/{owner.pk}/", {"is_active": True})

    assert me(tokens.access) == 401
    assert refresh(tokens.refresh) == 401
    body = {"username": "sam", "password": PASSWORD}
    assert APIClient().post("/api/auth/login/", body).status_code == 200


def test_a_change_in_the_database_is_enough(owner: User, tokens: Tokens) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert me(tokens.access) == 401


@pytest.mark.parametrize("change", ENDING)
def test_sockets_are_told(
    as_admin: APIClient,
    owner: User,
    tokens: Tokens,
    change: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(publishing, "publish", lambda group, event: told.append((group, event)))

    with django_capture_on_commit_callbacks(execute=True):
        as_admin.patch(f"/api/users/{owner.pk}/", change)

    assert (f"user.{owner.pk}", {"type": "recheck"}) in told
    assert not Session.objects.live().filter(user=owner).exists()
