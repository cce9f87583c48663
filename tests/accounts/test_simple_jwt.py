"""`/api/token/`: what clients of Simple JWT expect, on the sessions that `/api/auth/` opens."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.actions.sessions import end_session, sign_in
from accounts.actions.users import update_user
from accounts.models import Session, User
from accounts.tokens import Tokens
from config.endpoints import endpoint_of
from tests.cast import PASSWORD

OBTAIN, REFRESH, VERIFY = "/api/token/", "/api/token/refresh/", "/api/token/verify/"
ME = "/api/auth/me/"


@pytest.fixture
def tokens(owner: User) -> Tokens:
    return sign_in(user=owner)


def refused(answer: Any) -> bool:
    return bool(
        answer.status_code == 401
        and answer["WWW-Authenticate"].startswith("Bearer")
        and set(answer.json()) == {"detail", "code"}
        and answer.json()["code"] == "token_not_valid"
    )


def me(access: str) -> int:
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {access}").status_code


@pytest.mark.parametrize("field", ["username", "email"])
def test_a_pair_is_obtained(anonymous: APIClient, owner: User, field: str) -> None:
    answer = anonymous.post(OBTAIN, {field: getattr(owner, field), "password": PASSWORD})

    assert (answer.status_code, set(answer.json())) == (200, {"access", "refresh"})
    assert me(answer.json()["access"]) == 200
    assert Session.objects.get().user == owner


def test_wrong_credentials_open_no_session(anonymous: APIClient, owner: User) -> None:
    for body in ({"username": "sam", "password": "wrong"}, {"username": "nobody", "password": PASSWORD}):
        answer = anonymous.post(OBTAIN, body)
        assert (answer.status_code, list(answer.json())) == (401, ["detail", "code"])
    assert not Session.objects.exists()


def test_failures_count_with_those_of_the_other_sign_in(anonymous: APIClient, owner: User) -> None:
    codes = [
        anonymous.post(path, {"username": "sam", "password": "wrong"}).status_code
        for path in ("/api/auth/login/", OBTAIN) * 6
    ]
    assert codes == [401] * 10 + [429] * 2


def test_it_takes_the_threads_of_sign_ins() -> None:
    assert endpoint_of("POST", OBTAIN).hashes


def test_a_refreshed_pair_replaces_the_old_one(anonymous: APIClient, tokens: Tokens) -> None:
    fresh = anonymous.post(REFRESH, {"refresh": tokens.refresh})

    assert (fresh.status_code, set(fresh.json())) == (200, {"access", "refresh"})
    assert me(fresh.json()["access"]) == 200
    assert refused(anonymous.post(REFRESH, {"refresh": tokens.refresh}))
    assert anonymous.post("/api/auth/refresh/", {"refresh": fresh.json()["refresh"]}).status_code == 200


def test_what_works_is_verified_as_often_as_asked(anonymous: APIClient, tokens: Tokens) -> None:
    for token in (tokens.access, tokens.refresh, tokens.access, tokens.refresh):
        answer = anonymous.post(VERIFY, {"token": token})
        assert (answer.status_code, answer.json()) == (200, {})
    assert anonymous.post(REFRESH, {"refresh": tokens.refresh}).status_code == 200


def test_a_used_refresh_token_is_not_verified_and_ends_nothing(anonymous: APIClient, tokens: Tokens) -> None:
    fresh = anonymous.post(REFRESH, {"refresh": tokens.refresh}).json()
    Session.objects.update(recently_used=[])

    assert refused(anonymous.post(VERIFY, {"token": tokens.refresh}))
    assert me(fresh["access"]) == 200


@pytest.mark.parametrize("over", ["logout", "deactivated", "deleted"])
def test_tokens_of_a_session_that_is_over(anonymous: APIClient, admin: User, tokens: Tokens, over: str) -> None:
    if over == "logout":
        end_session(session=tokens.session, actor=None)
    elif over == "deactivated":
        update_user(actor=admin, user=tokens.session.user, is_active=False)
    else:
        Session.objects.all().delete()

    for token in (tokens.access, tokens.refresh):
        assert refused(anonymous.post(VERIFY, {"token": token}))
    assert refused(anonymous.post(REFRESH, {"refresh": tokens.refresh}))


def test_anything_but_a_token_is_401(anonymous: APIClient, tokens: Tokens) -> None:
    for token in ("noise", "a.b.c", "é" * 100, "x" * 1_000_000, tokens.refresh[:-4] + "AAAA", tokens.access[:-4]):
        assert refused(anonymous.post(VERIFY, {"token": token}))
        assert refused(anonymous.post(REFRESH, {"refresh": token}))
    assert refused(anonymous.post(REFRESH, {"refresh": tokens.access}))


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": None}, {"token": []}, {"refresh": ""}, [], None])
def test_bad_bodies_are_400(anonymous: APIClient, tokens: Tokens, body: Any) -> None:
    for path in (OBTAIN, REFRESH, VERIFY):
        assert anonymous.post(path, body).status_code == 400
    assert me(tokens.access) == 200
