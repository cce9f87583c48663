from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, User
from customers.models import Customer
from tests.cast import PASSWORD

URL = "/api/auth/login/"


def test_it_works(anonymous: APIClient, owner: User) -> None:
    answer = anonymous.post(URL, {"username": "sam", "password": PASSWORD})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "user"}
    assert answer.json()["user"] == {
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
    owner.refresh_from_db()
    assert owner.last_login > timezone.now() - timedelta(seconds=10)
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert anonymous.get("/api/auth/me/").json()["id"] == owner.pk


@pytest.mark.parametrize("name", ["SAM", "sam@desk.example", "Sam@DESK.example", " sam "])
def test_username_or_email_in_any_case(anonymous: APIClient, owner: User, name: str) -> None:
    assert anonymous.post(URL, {"username": name, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("name", ["sam@desk.example", "SAM@desk.example", "sam"])
def test_the_field_may_be_called_email(anonymous: APIClient, owner: User, name: str) -> None:
    answer = anonymous.post(URL, {"email": name, "password": PASSWORD})

    assert (answer.status_code, answer.json()["user"]["id"]) == (200, owner.pk)


def test_of_both_fields_the_username_counts(anonymous: APIClient, owner: User, stranger: User) -> None:
    body = {"username": "sam", "email": "stella@desk.example", "password": PASSWORD}

    assert anonymous.post(URL, body).json()["user"]["id"] == owner.pk


def test_neither_of_them_is_400(anonymous: APIClient, owner: User) -> None:
    assert anonymous.post(URL, {"password": PASSWORD}).json() == {"username": ["This field is required."]}


def test_form_bodies_are_taken(anonymous: APIClient, owner: User) -> None:
    assert anonymous.post(URL, {"username": "sam", "password": PASSWORD}, format="multipart").status_code == 200


def test_wrong_unknown_inactive_and_removed_look_the_same(
    anonymous: APIClient, as_admin: APIClient, owner: User, stranger: User
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert as_admin.delete(f"/api/users/{stranger.pk}/").status_code == 204
    sessions = Session.objects.count()

    answers = [
        anonymous.post(URL, {"username": name, "password": password})
        for name, password in (
            ("ada", "wrong"),
            ("nobody", PASSWORD),
            ("sam", PASSWORD),
            ("stella", PASSWORD),
            (f"removed-{stranger.pk}", PASSWORD),
        )
    ]

    assert [answer.status_code for answer in answers] == [401] * 5
    assert len({answer.content for answer in answers}) == 1
    assert list(answers[0].json()) == ["detail", "code"]
    assert answers[0]["WWW-Authenticate"].startswith("Bearer")
    assert Session.objects.count() == sessions


def test_a_password_is_hashed_for_unknown_logins_too(
    anonymous: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(User, "set_password", lambda self, raw: hashed.append(raw))

    anonymous.post(URL, {"username": "nobody", "password": "guess"})

    assert hashed == ["guess"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "sam"},
        {"password": PASSWORD},
        {"username": "", "password": ""},
        {"email": "", "password": PASSWORD},
        {"email": None, "password": PASSWORD},
        {"email": ["sam"], "password": PASSWORD},
        {"username": ["sam"], "password": PASSWORD},
        {"username": {"a": 1}, "password": PASSWORD},
        {"username": None, "password": PASSWORD},
        {"username": "sam", "password": True},
        {"username": "sa\x00m", "password": PASSWORD},
        {"username": "sam", "password": "\x00"},
        {"username": "s" * 1000, "password": PASSWORD},
        {"username": "sam", "password": "p" * 100_000},
        [],
        "text",
        None,
    ],
)
def test_bad_bodies_are_refused(anonymous: APIClient, owner: User, body: Any) -> None:
    assert anonymous.post(URL, body).status_code == 400
    assert not Session.objects.exists()


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"username": "\\ud800", "password": "x"}', b"[" * 100_000])
def test_broken_json_is_refused(anonymous: APIClient, raw: bytes) -> None:
    assert anonymous.post(URL, raw, content_type="application/json").status_code == 400


def test_an_expired_bearer_header_is_ignored(anonymous: APIClient, owner: User) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer expired.or.broken")
    assert anonymous.post(URL, {"username": "sam", "password": PASSWORD}).status_code == 200


def test_the_customer_of_the_login_is_named(anonymous: APIClient, customer_login: User, customer: Customer) -> None:
    answer = anonymous.post(URL, {"username": "johndoe", "password": PASSWORD})
    assert answer.json()["user"]["customer"] == customer.pk


def test_a_username_wins_over_an_equal_email(anonymous: APIClient, owner: User) -> None:
    # Such a username can no longer be taken, but may be in old rows.
    other = User.objects.create_user("sam@desk.example", "o@desk.example", "another-word-77", role="sales")

    answer = anonymous.post(URL, {"username": "sam@desk.example", "password": "another-word-77"})

    assert answer.json()["user"]["id"] == other.pk


def test_a_password_that_changes_during_the_check_is_refused(
    anonymous: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed_meanwhile(self: User, raw: str) -> bool:
        User.objects.filter(pk=self.pk).update(password="another hash")
        return True

    monkeypatch.setattr(User, "check_password", changed_meanwhile)

    assert anonymous.post(URL, {"username": "sam", "password": PASSWORD}).status_code == 401
    assert not Session.objects.exists()
