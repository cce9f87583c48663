"""Whoever did something too often gets 429, and a Retry-After in whole seconds."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Session
from core.throttles import Limit
from customers.models import Customer, PhoneCode

OWN = "/api/customers/customers"
REGISTER = {"password": "SecureP@ssw0rd123!", "password2": "SecureP@ssw0rd123!"}

# By the setting that limits it: a request that counts.
COUNTED: dict[str, Callable[[APIClient], Any]] = {
    "THROTTLE_LOGIN": lambda client: client.post("/api/auth/login/", {"username": "sam", "password": "wrong"}),
    "THROTTLE_LOGIN_ADDRESS": lambda client: client.post("/api/auth/login/", {"username": "sam", "password": "wrong"}),
    "THROTTLE_PASSWORD_RESET": lambda client: client.post("/api/auth/password/reset/", {"token": "x", "password": "x"}),
    "THROTTLE_MFA": lambda client: client.post("/api/auth/mfa/confirm/", {"code": "000000"}),
    "THROTTLE_REGISTER": lambda client: client.post("/api/customers/register/", {"username": "x", **REGISTER}),
    "THROTTLE_PHONE_CODE": lambda client: client.post(f"{OWN}/send_phone_code/"),
    "THROTTLE_PHONE_CODE_ADDRESS": lambda client: client.post(f"{OWN}/send_phone_code/"),
    "THROTTLE_ACCOUNT_CHECKS": lambda client: client.patch(f"{OWN}/update_profile/", {"email": "sam@desk.example"}),
}


def counts() -> list[int]:
    return [model.objects.count() for model in (Customer, Session, PhoneCode)]


@pytest.mark.parametrize("setting", COUNTED)
def test_one_too_many(setting: str, as_customer: APIClient, settings: Any) -> None:
    setattr(settings, setting, "1/hour")
    assert COUNTED[setting](as_customer).status_code in (200, 400, 401)
    before = counts()

    answer = COUNTED[setting](as_customer)

    assert answer.status_code == 429
    assert answer["Retry-After"].isdecimal()
    assert 1 <= int(answer["Retry-After"]) <= 3600
    assert counts() == before


def test_wrong_passwords_of_somebody_signed_in(as_customer: APIClient, settings: Any) -> None:
    settings.THROTTLE_LOGIN = "1/min"
    body = {"old_password": "wrong", "new_password": "NewSecureP@ss456!", "new_password2": "NewSecureP@ss456!"}
    answers = [as_customer.post(f"{OWN}/change_password/", body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [400, 429]
    assert 1 <= int(answers[1]["Retry-After"]) <= 60


def test_a_window_that_ends_this_moment_is_waited_for_as_well(settings: Any) -> None:
    """DRF sends no header for a wait of 0, and people would be told to wait 0 seconds."""
    settings.THROTTLE_LOGIN = "1/s"
    limit = Limit("THROTTLE_LOGIN")
    limit.take("sam")

    assert limit.wait("sam") == 1
    assert limit.wait("nobody") == 1
