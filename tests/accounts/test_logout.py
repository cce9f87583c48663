from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.actions.sessions import refresh, sign_in
from accounts.models import Session, User
from accounts.tokens import Tokens
from core.live import publishing

URL = "/api/auth/logout/"
ME = "/api/auth/me/"


@pytest.fixture
def tokens(owner: User) -> Tokens:
    return sign_in(user=owner)


def me(access: str) -> int:
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {access}").status_code


def test_it_works(anonymous: APIClient, tokens: Tokens) -> None:
    assert me(tokens.access) == 200

    answer = anonymous.post(URL, {"refresh": tokens.refresh})

    assert answer.status_code == 204
    assert me(tokens.access) == 401
    assert anonymous.post("/api/auth/refresh/", {"refresh": tokens.refresh}).status_code == 401


def test_other_sessions_go_on(anonymous: APIClient, owner: User, tokens: Tokens) -> None:
    other = sign_in(user=owner)
    anonymous.post(URL, {"refresh": tokens.refresh})
    assert me(other.access) == 200


def test_a_rotated_token_ends_the_session_too(anonymous: APIClient, tokens: Tokens) -> None:
    fresh = refresh(token=tokens.refresh)

    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 204

    assert me(fresh.access) == 401


def test_a_second_logout_is_not_an_error(anonymous: APIClient, tokens: Tokens) -> None:
    anonymous.post(URL, {"refresh": tokens.refresh})
    ended_at = Session.objects.get().ended_at

    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 204
    assert Session.objects.get().ended_at == ended_at


def test_the_bearer_header_is_ignored(anonymous: APIClient, tokens: Tokens) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer expired")
    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 204


@pytest.mark.parametrize("body", [{}, {"refresh": ""}, {"refresh": None}, {"refresh": {}}, [], None])
def test_a_missing_token_is_400(anonymous: APIClient, tokens: Tokens, body: Any) -> None:
    assert anonymous.post(URL, body).status_code == 400
    assert me(tokens.access) == 200


def test_the_access_token_alone_ends_its_session(anonymous: APIClient, owner: User, tokens: Tokens) -> None:
    other = sign_in(user=owner)

    for body, content_type in (("", None), ("{}", "application/json"), (b"", "multipart/form-data; boundary=x")):
        signed_in = sign_in(user=owner)
        anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {signed_in.access}")
        answer = anonymous.generic("POST", URL, body, content_type=content_type or "")

        assert (answer.status_code, answer.content) == (204, b"")
        assert me(signed_in.access) == 401
        assert anonymous.post("/api/auth/refresh/", {"refresh": signed_in.refresh}).status_code == 401
    assert me(other.access) == 200


def test_a_refresh_token_counts_for_more_than_the_access_token(
    anonymous: APIClient, owner: User, tokens: Tokens
) -> None:
    other = sign_in(user=owner)
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {other.access}")

    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 204

    assert [me(tokens.access), me(other.access)] == [401, 200]


@pytest.mark.parametrize("header", ["Bearer noise", "Bearer", "Bearer {refresh}"])
def test_an_access_token_that_is_none_ends_nothing(anonymous: APIClient, tokens: Tokens, header: str) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION=header.format(refresh=tokens.refresh))

    answer = anonymous.post(URL)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert me(tokens.access) == 200


def test_without_any_token_it_says_what_is_missing(anonymous: APIClient, tokens: Tokens) -> None:
    assert anonymous.post(URL).json() == {"refresh": ["This field is required, unless an access token is sent."]}


def test_an_invalid_token_is_401(anonymous: APIClient, tokens: Tokens) -> None:
    for token in ("noise", tokens.access, tokens.refresh[:-3] + "AAA"):
        answer = anonymous.post(URL, {"refresh": token})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
    assert me(tokens.access) == 200


@pytest.mark.parametrize("by", ["access", "refresh"])
def test_sockets_are_told_when_it_is_committed(
    by: str,
    anonymous: APIClient,
    owner: User,
    tokens: Tokens,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(publishing, "publish", lambda group, event: told.append((group, event)))
    body = {"refresh": tokens.refresh} if by == "refresh" else {}
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")

    with django_capture_on_commit_callbacks(execute=True):
        anonymous.post(URL, body)
        assert not told

    assert told == [(f"user.{owner.pk}", {"type": "recheck"})]
