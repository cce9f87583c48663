"""Second factors in tests: turning one on, and the codes that an app would show."""

import pyotp
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import SecondFactor, User
from core import throttles

SETUP, CONFIRM = "/api/auth/mfa/setup/", "/api/auth/mfa/confirm/"


def code_of(user: User, *, steps: int = 0) -> str:
    """What the app shows now, or so many steps of 30 seconds later."""
    secret = SecondFactor.objects.get(user=user).secret
    assert secret is not None
    return pyotp.TOTP(secret).at(int(timezone.now().timestamp()) + 30 * steps)


def turn_on(user: User) -> list[str]:
    """Give a login a second factor, of which no code is used up yet. Return the recovery codes."""
    factor = SecondFactor.begin(user)
    codes = factor.new_recovery_codes()
    factor.confirmed_at = timezone.now()
    factor.save()
    return codes


def set_up(client: APIClient, user: User, **body: str) -> list[str]:
    """Turn it on as a front end does."""
    assert client.post(SETUP, body).status_code == 200
    answer = client.post(CONFIRM, {**body, "code": code_of(user)})
    assert answer.status_code == 200, answer.content
    throttles.reset()
    codes: list[str] = answer.json()["recovery_codes"]
    return codes
