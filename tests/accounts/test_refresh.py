from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.models import Session, User
from accounts.tokens import Tokens
from tests.accounts.parallel import in_parallel

URL = "/api/auth/refresh/"
ME = "/api/auth/me/"


@pytest.fixture
def tokens(owner: User) -> Tokens:
    return sign_in(user=owner)


def me(access: str) -> int:
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {access}").status_code


def age_uses(session: Session, seconds: float) -> None:
    """Pretend that the used tokens were used `seconds` earlier."""
    session.refresh_from_db()
    session.recently_used = [[jti, when - seconds] for jti, when in session.recently_used]
    session.save()


def test_it_works(anonymous: APIClient, tokens: Tokens) -> None:
    answer = anonymous.post(URL, {"refresh": tokens.refresh})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert answer.json()["refresh"] != tokens.refresh
    assert me(answer.json()["access"]) == 200
    assert me(tokens.access) == 200
    assert Session.objects.count() == 1


def test_a_chain_of_refreshes_keeps_the_session_open(anonymous: APIClient, tokens: Tokens) -> None:
    token = tokens.refresh
    Session.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    for _ in range(20):
        token = anonymous.post(URL, {"refresh": token}).json()["refresh"]

    tokens.session.refresh_from_db()
    assert tokens.session.expires_at > timezone.now() + timedelta(days=29)
    assert tokens.session.ended_at is None


def test_used_again_at_once_it_is_refused_but_the_session_continues(anonymous: APIClient, tokens: Tokens) -> None:
    fresh = anonymous.post(URL, {"refresh": tokens.refresh}).json()

    again = anonymous.post(URL, {"refresh": tokens.refresh})

    assert again.status_code == 401
    assert list(again.json()) == ["detail", "code"]
    assert again["WWW-Authenticate"].startswith("Bearer")
    assert me(fresh["access"]) == 200
    assert anonymous.post(URL, {"refresh": fresh["refresh"]}).status_code == 200


def test_used_again_within_the_grace_after_further_refreshes(anonymous: APIClient, tokens: Tokens) -> None:
    second = anonymous.post(URL, {"refresh": tokens.refresh}).json()["refresh"]
    third = anonymous.post(URL, {"refresh": second}).json()["refresh"]

    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 401
    assert anonymous.post(URL, {"refresh": third}).status_code == 200


@pytest.mark.parametrize(("seconds", "alive"), [(9, True), (11, False), (86_400, False)])
def test_used_again_later_ends_the_session(anonymous: APIClient, tokens: Tokens, seconds: int, alive: bool) -> None:
    fresh = anonymous.post(URL, {"refresh": tokens.refresh}).json()
    age_uses(tokens.session, seconds)

    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 401

    assert me(fresh["access"]) == (200 if alive else 401)
    assert anonymous.post(URL, {"refresh": fresh["refresh"]}).status_code == (200 if alive else 401)


def test_an_old_token_ends_the_session_after_many_refreshes(anonymous: APIClient, tokens: Tokens) -> None:
    token = tokens.refresh
    for _ in range(3):
        token = anonymous.post(URL, {"refresh": token}).json()["refresh"]
        age_uses(tokens.session, 20)

    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 401
    assert anonymous.post(URL, {"refresh": token}).status_code == 401


def test_other_sessions_survive_the_theft_of_one(anonymous: APIClient, owner: User, tokens: Tokens) -> None:
    other = sign_in(user=owner)
    anonymous.post(URL, {"refresh": tokens.refresh})
    age_uses(tokens.session, 20)
    anonymous.post(URL, {"refresh": tokens.refresh})

    assert me(other.access) == 200
    assert anonymous.post(URL, {"refresh": other.refresh}).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"refresh": ""}, {"refresh": None}, {"refresh": []}, {"refresh": "\x00"}, {"refresh": True}, []]
)
def test_bad_bodies_are_refused(anonymous: APIClient, tokens: Tokens, body: Any) -> None:
    assert anonymous.post(URL, body).status_code == 400
    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 200


def test_anything_but_a_refresh_token_is_401(anonymous: APIClient, tokens: Tokens) -> None:
    for token in (tokens.access, "noise", "a.b.c", "é" * 100, "x" * 1_100_000, tokens.refresh[:-4] + "AAAA"):
        assert anonymous.post(URL, {"refresh": token}).status_code == 401
    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 200


def test_deleted_sessions_and_users_are_401(anonymous: APIClient, owner: User, stranger: User) -> None:
    first, second = sign_in(user=owner), sign_in(user=stranger)
    Session.objects.filter(pk=first.session.pk).delete()
    stranger.delete()

    assert anonymous.post(URL, {"refresh": first.refresh}).status_code == 401
    assert anonymous.post(URL, {"refresh": second.refresh}).status_code == 401


def test_expired_sessions_are_401(anonymous: APIClient, tokens: Tokens) -> None:
    Session.objects.update(expires_at=timezone.now())
    assert anonymous.post(URL, {"refresh": tokens.refresh}).status_code == 401
    assert me(tokens.access) == 401


@pytest.mark.django_db(transaction=True)
def test_one_of_twelve_parallel_tries_wins(owner: User) -> None:
    for _ in range(3):
        tokens = sign_in(user=owner)

        answers = in_parallel(12, lambda: APIClient().post(URL, {"refresh": tokens.refresh}))  # noqa: B023

        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 11
        fresh = next(answer.json() for answer in answers if answer.status_code == 200)
        assert me(fresh["access"]) == 200
        assert APIClient().post(URL, {"refresh": fresh["refresh"]}).status_code == 200
