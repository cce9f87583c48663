"""Without Redis people can still sign in, and each process counts failures on its own."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.cast import PASSWORD
from tests.live_server import free_port

URL = "/api/auth/login/"


@pytest.fixture
def redis_away(settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"


def test_signing_in_works(redis_away: None, anonymous: APIClient, owner: User) -> None:
    wrong = [anonymous.post(URL, {"username": "sam", "password": "wrong"}).status_code for _ in range(9)]
    assert wrong == [401] * 9
    assert anonymous.post(URL, {"username": "sam", "password": PASSWORD}).status_code == 200


def test_failures_are_still_limited(redis_away: None, anonymous: APIClient, owner: User) -> None:
    for _ in range(10):
        anonymous.post(URL, {"username": "sam", "password": "wrong"})
    answer = anonymous.post(URL, {"username": "sam", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
