"""Paths end in a slash."""

from typing import Any

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_writing_to_a_path_without_its_slash_is_not_found(
    anonymous: APIClient, settings: Any, method: str, debug: bool
) -> None:
    settings.DEBUG = debug
    assert getattr(anonymous, method)("/api/auth/login", {"username": "sam"}).status_code == 404


def test_reading_goes_to_the_path_with_it(anonymous: APIClient) -> None:
    answer = anonymous.get("/api/docs")
    assert (answer.status_code, answer["Location"]) == (301, "/api/docs/")
