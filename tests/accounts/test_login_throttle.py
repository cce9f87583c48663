from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Session, User
from tests.cast import PASSWORD

URL = "/api/auth/login/"


def fail(client: APIClient, name: str = "sam", times: int = 10, **extra: Any) -> list[int]:
    return [client.post(URL, {"username": name, "password": "wrong"}, **extra).status_code for _ in range(times)]


@pytest.fixture
def locked(anonymous: APIClient, owner: User) -> APIClient:
    """Sam has failed too often from 127.0.0.1."""
    assert fail(anonymous) == [401] * 10
    return anonymous


def test_after_ten_failures_even_the_right_password_is_refused(locked: APIClient) -> None:
    answer = locked.post(URL, {"username": "sam", "password": PASSWORD})

    assert answer.status_code == 429
    assert answer.json().keys() == {"detail", "code"}
    assert not Session.objects.exists()


def test_case_and_spaces_count_together(locked: APIClient) -> None:
    for name in ("SAM", " sam"):
        assert locked.post(URL, {"username": name, "password": PASSWORD}).status_code == 429


@pytest.mark.parametrize("other", ["sam@desk.example", "nobody@desk.example"])
def test_it_does_not_tell_which_email_belongs_to_a_username(locked: APIClient, other: str) -> None:
    assert fail(locked, other, 1) == [401]


def test_a_colleague_at_the_same_address_is_not_locked(locked: APIClient, stranger: User) -> None:
    assert locked.post(URL, {"username": "stella", "password": PASSWORD}).status_code == 200


def test_the_same_login_from_elsewhere_is_not_locked(locked: APIClient) -> None:
    body = {"username": "sam", "password": PASSWORD}
    assert locked.post(URL, body, REMOTE_ADDR="10.0.0.2").status_code == 200


def test_a_forwarded_address_is_not_believed(locked: APIClient) -> None:
    body = {"username": "sam", "password": PASSWORD}
    assert locked.post(URL, body, HTTP_X_FORWARDED_FOR="10.0.0.2").status_code == 429


def test_unknown_logins_are_limited_too(anonymous: APIClient, db: None) -> None:
    assert fail(anonymous, "nobody", 11) == [401] * 10 + [429]


def test_the_right_password_resets_the_failures(anonymous: APIClient, owner: User) -> None:
    for _ in range(3):
        fail(anonymous, times=9)
        assert anonymous.post(URL, {"username": "sam", "password": PASSWORD}).status_code == 200


def test_successful_logins_do_not_count(anonymous: APIClient, owner: User) -> None:
    body = {"username": "sam", "password": PASSWORD}
    assert [anonymous.post(URL, body).status_code for _ in range(15)] == [200] * 15


def test_nothing_is_hashed_past_the_limit(locked: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: checked.append(raw))

    fail(locked, times=3)

    assert not checked


def test_the_rate_is_a_setting(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.THROTTLE_LOGIN = "2/min"
    assert fail(anonymous, times=3) == [401, 401, 429]


def test_django_admin_shares_the_count(locked: APIClient, admin: User) -> None:
    fail(locked, "ada")

    answer = locked.post("/admin/login/", {"username": "ada", "password": PASSWORD}, format="multipart")

    assert answer.status_code == 200
    assert "Too many failed sign-ins" in answer.content.decode()
    assert "sessionid" not in locked.cookies
