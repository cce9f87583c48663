"""Every refusal of DRF's shape has a code beside its detail, and all codes are known."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from rest_framework.exceptions import APIException
from rest_framework.test import APIClient

from core.error_codes import BY_STATUS, CODES
from tests.test_docs import first_column, section

# Never raised themselves: others are derived from them.
BASES = {"conflict"}


def kinds(base: type[APIException] = APIException) -> Iterator[type[APIException]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_the_list_is_closed() -> None:
    ours = {kind.default_code for kind in kinds() if not kind.__module__.startswith("rest_framework_simplejwt")}

    assert len(ours) > 20
    assert ours - BASES <= set(CODES)
    assert set(BY_STATUS.values()) <= set(CODES)
    assert len(CODES) == len(set(CODES))


def test_the_guide_says_what_each_means() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section("docs/api.md", "Refusals"), re.MULTILINE)

    assert rows == list(CODES)
    assert set(CODES) <= first_column(section("docs/api.md", "Refusals"))


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("get", "/api/users/", None, 403, "permission_denied"),
        ("get", "/api/messages/987654/", None, 404, "not_found"),
        ("get", "/api/no/such/path/", None, 404, "not_found"),
        ("delete", "/api/auth/me/", None, 405, "method_not_allowed"),
        ("post", "/api/messages/", "{", 400, "parse_error"),
        ("post", "/api/auth/login/", '{"username": "sam", "password": "wrong"}', 401, "bad_credentials"),
        ("post", "/api/auth/refresh/", '{"refresh": "x"}', 401, "session_over"),
        ("get", "/api/customers/?search=%00", None, 400, "bad_request"),
    ],
)
def test_a_refusal(as_owner: APIClient, method: str, path: str, body: str | None, status: int, code: str) -> None:
    answer = as_owner.generic(method.upper(), path, body or "", content_type="application/json")

    assert (answer.status_code, answer.json().keys()) == (status, {"detail", "code"})
    assert answer.json()["code"] == code


def test_nobody_signed_in(anonymous: APIClient) -> None:
    assert anonymous.get("/api/messages/").json()["code"] == "not_authenticated"
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    assert anonymous.get("/api/messages/").json()["code"] == "session_over"


def test_errors_by_field_stay_lists(as_owner: APIClient) -> None:
    answer = as_owner.post("/api/messages/", {"type": "carrier pigeon"})

    assert answer.status_code == 400
    assert answer.json() == {
        "customer": ["This field is required."],
        "type": ['"carrier pigeon" is not a valid choice.'],
    }


@pytest.mark.parametrize(
    ("path", "keys"), [("/api/contacts/", {"success", "message", "errors"}), ("/api/v1/msg/tags/", {"error"})]
)
def test_documented_envelopes_stay_as_they_are(client: Client, db: None, path: str, keys: set[str]) -> None:
    refused: dict[str, Any] = client.get(path).json()

    assert refused.keys() == keys
    assert refused.get("errors", {}) == {}
