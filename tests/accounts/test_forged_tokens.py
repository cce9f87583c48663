import base64
import json
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.sessions import session_of_token, sign_in
from accounts.models import Session, User
from accounts.tokens import SessionOver, Tokens

ME = "/api/auth/me/"


@pytest.fixture
def tokens(admin: User) -> Tokens:
    return sign_in(user=admin)


def key() -> str:
    found: str = settings.SIMPLE_JWT["SIGNING_KEY"]
    return found


def signed(tokens: Tokens, *, without: tuple[str, ...] = (), algorithm: str = "HS256", **claims: Any) -> str:
    payload = jwt.decode(tokens.access, options={"verify_signature": False}) | claims
    return jwt.encode({name: value for name, value in payload.items() if name not in without}, key(), algorithm)


def spliced(tokens: Tokens, header: Any, signature: str = "") -> str:
    text = header if isinstance(header, str) else json.dumps(header)
    head = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return ".".join([head, tokens.access.split(".")[1], signature])


def unix(**ahead: float) -> int:
    return int((timezone.now() + timedelta(**ahead)).timestamp())


FORGERIES = {
    "none": lambda t: spliced(t, {"alg": "none", "typ": "JWT"}),
    "none, signature kept": lambda t: spliced(t, {"alg": "None"}, t.access.split(".")[2]),
    "HS512": lambda t: signed(t, algorithm="HS512"),
    "RS256 by name": lambda t: spliced(t, {"alg": "RS256"}, t.access.split(".")[2]),
    "kid": lambda t: spliced(t, {"alg": "HS256", "kid": "../../dev/null"}, t.access.split(".")[2]),
    "deep header": lambda t: spliced(t, "[" * 2900, "x"),
    "another key": lambda t: jwt.encode(jwt.decode(t.access, options={"verify_signature": False}), "k" * 40),
    "Django's key": lambda t: jwt.encode(
        jwt.decode(t.access, options={"verify_signature": False}), settings.SECRET_KEY
    ),
    "signature cut": lambda t: t.access[:-5],
    "wrong aud": lambda t: signed(t, aud="other"),
    "no aud": lambda t: signed(t, without=("aud",)),
    "wrong iss": lambda t: signed(t, iss="other"),
    "no iss": lambda t: signed(t, without=("iss",)),
    "refresh as access": lambda t: t.refresh,
    "no type": lambda t: signed(t, without=("token_type",)),
    "no sid": lambda t: signed(t, without=("sid",)),
    "sid no UUID": lambda t: signed(t, sid="1"),
    "sid a list": lambda t: signed(t, sid=["a"]),
    "sid of nobody": lambda t: signed(t, sid=str(uuid.uuid4())),
    "no user": lambda t: signed(t, without=("user_id",)),
    "another user": lambda t: signed(t, user_id="999999"),
    "huge user": lambda t: signed(t, user_id=str(10**30)),
    "huge sub": lambda t: signed(t, sub=10**30),
    "no jti": lambda t: signed(t, without=("jti",)),
    "no exp": lambda t: signed(t, without=("exp",)),
    "expired": lambda t: signed(t, exp=unix(seconds=-1)),
    "endless exp": lambda t: signed(t, exp=10**30),
    "exp a text": lambda t: signed(t, exp="tomorrow"),
    "future iat": lambda t: signed(t, iat=unix(days=1)),
    "iat in 20 s": lambda t: signed(t, iat=unix(seconds=20)),
    "not yet": lambda t: signed(t, nbf=unix(days=1)),
    "1 MB": lambda t: t.access + "A" * 1_000_000,
    "non-ASCII": lambda t: "é" * 50,
    "no token at all": lambda t: "",
    "two words": lambda t: "a b",
    "dots": lambda t: "...",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_it_is_answered_401(anonymous: APIClient, tokens: Tokens, forge: Any) -> None:
    answer = anonymous.get(ME, HTTP_AUTHORIZATION=f"Bearer {forge(tokens)}")

    assert answer.status_code == 401
    assert list(answer.json()) == ["detail", "code"]
    assert isinstance(answer.json()["detail"], str)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_sockets_refuse_it_too(tokens: Tokens, forge: Any) -> None:
    with pytest.raises(SessionOver):
        session_of_token(forge(tokens))


@pytest.mark.parametrize("header", ["Bearer \u2603", "Béarer x", "Basic YTpi", "Bearer", "token", "\ud800"])
def test_strange_headers_are_401(anonymous: APIClient, db: None, header: str) -> None:
    assert anonymous.get(ME, HTTP_AUTHORIZATION=header).status_code == 401


def test_the_real_one_passes(anonymous: APIClient, tokens: Tokens) -> None:
    assert anonymous.get(ME, HTTP_AUTHORIZATION=f"Bearer {tokens.access}").status_code == 200
    assert anonymous.get(ME, HTTP_AUTHORIZATION=f"bearer  {signed(tokens)} ").status_code == 200
    session, expires_at = session_of_token(tokens.access)
    assert session == tokens.session
    assert timedelta(minutes=14) < expires_at - timezone.now() <= timedelta(minutes=15)


def test_one_that_was_used_before_expires_too(
    anonymous: APIClient, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its signature is not checked again."""
    assert anonymous.get(ME, HTTP_AUTHORIZATION=f"Bearer {tokens.access}").status_code == 200
    later = timezone.now() + timedelta(minutes=15)
    monkeypatch.setattr(timezone, "now", lambda: later)

    answer = anonymous.get(ME, HTTP_AUTHORIZATION=f"Bearer {tokens.access}")

    assert (answer.status_code, answer.json()["detail"]) == (401, "The token has expired.")


def test_authentication_takes_one_query(anonymous: APIClient, tokens: Tokens, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        session, _ = session_of_token(tokens.access)
        assert session.user.username == "ada"


def test_lifetimes_are_settings(admin: User, settings: Any) -> None:
    settings.ACCESS_TOKEN_MINUTES, settings.REFRESH_TOKEN_DAYS = 1, 2
    tokens = sign_in(user=admin)

    payloads = [jwt.decode(raw, options={"verify_signature": False}) for raw in (tokens.access, tokens.refresh)]

    assert [payload["exp"] - payload["iat"] for payload in payloads] == [60, 2 * 86_400]
    assert payloads[0]["user_id"] == str(admin.pk)
    assert {payload["sid"] for payload in payloads} == {str(Session.objects.get().pk)}


def test_the_clock_of_another_server_may_be_ahead(anonymous: APIClient, owner: User) -> None:
    token = signed(sign_in(user=owner), iat=unix(seconds=2), nbf=unix(seconds=2))
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert anonymous.get(ME).status_code == 200
