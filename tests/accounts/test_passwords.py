"""What a password must be like."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from accounts.models import User
from accounts.passwords import GuessableValidator
from tests.cast import PASSWORD, ClientOf

OWN = "/api/customers/customers/change_password/"


@pytest.mark.parametrize(
    "password",
    [
        "password1", "P@ssw0rd123!", "Summer2024!", "Welcome2026", "qwertyuiop", "1q2w3e4r5t", "abcdefgh1",
        "aaaaaaaaaaaa", "letmein123", "forzanapoli", "michelle1987", "Perera1985!", "a" * 1000, "PASSWORD1",
        " password1",
    ],
)  # fmt: skip
def test_known_and_built_from_known(password: str) -> None:
    with pytest.raises(ValidationError, match="too easy to guess"):
        GuessableValidator().validate(password, User(username="perera", last_name="Perera"))


@pytest.mark.parametrize(
    "password",
    ["xk4tq9zb", "correct horse battery staple", "mango-river-88", "ஒரு நல்ல கடவுச்சொல்", "z" * 3 + "Kq8#vT2m!" * 100],
)
def test_good_ones(password: str) -> None:
    GuessableValidator().validate(password, User(username="perera"))


def test_seven_characters_are_too_few(owner: User, client_of: ClientOf) -> None:
    body = {"old_password": PASSWORD, "new_password": "xk4tq9z", "new_password2": "xk4tq9z"}
    assert "8 characters" in client_of(owner).post(OWN, body).json()["new_password"][0]


def test_ones_own_name_is_no_password(as_admin: APIClient) -> None:
    body = {"username": "Wickramasinghe", "email": "w@desk.example", "role": "sales", "password": "wickramasinghe9"}
    assert list(as_admin.post("/api/users/", body).json()) == ["password"]
    assert not User.objects.filter(username="Wickramasinghe").exists()


def test_the_old_one_again(owner: User, client_of: ClientOf, as_admin: APIClient) -> None:
    before = owner.password
    body: dict[str, Any] = {"old_password": PASSWORD, "new_password": PASSWORD, "new_password2": PASSWORD}
    assert "old password" in client_of(owner).post(OWN, body).json()["new_password"][0]
    assert "old password" in as_admin.patch(f"/api/users/{owner.pk}/", {"password": PASSWORD}).json()["password"][0]
    owner.refresh_from_db()
    assert owner.password == before
