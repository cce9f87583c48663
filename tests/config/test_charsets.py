"""The charset that a request declares. Django decodes the query string in it before any middleware runs."""

import gzip
from typing import Any

import httpx
import pytest

from accounts.models import Team

pytestmark = pytest.mark.django_db(transaction=True)

REFUSAL = "The charset of the Content-Type must be utf-8, us-ascii or iso-8859-1."


def ask(server: Any, content_type: str, path: str = "/api/customers/") -> httpx.Response:
    return httpx.get(f"{server.url}{path}?search=%5Cx00%5Cud800", headers={"Content-Type": content_type})


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset=base64",
        "text/plain; charset=hex",
        "text/plain; charset=rot13",
        "text/plain; charset=undefined",
        "text/plain; charset=unicode_escape",
        'text/plain; CharSet="base64"',
        "text/plain; charset=utf-16",
        "text/plain; charset=bogus",
        "text/plain; charset*=bogus''x",
        "text/plain; x*=bogus''y",
        "text/plain; x*1=a; x*=b",
    ],
)
def test_others_are_refused(server: Any, content_type: str) -> None:
    response = ask(server, content_type)
    assert (response.status_code, response.json()) == (415, {"detail": REFUSAL, "code": "unsupported_media_type"})


def test_several_content_types_are_joined(server: Any) -> None:
    headers = [("Content-Type", "text/plain; charset=base64"), ("Content-Type", "; x=1")]
    assert httpx.get(f"{server.url}/api/customers/?a=1", headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/contacts/", {"success": False, "message": REFUSAL, "errors": {}}),
        ("/api/v1/msg/tags/", {"error": REFUSAL}),
    ],
)
def test_the_refusal_has_the_shape_of_its_path(server: Any, path: str, body: Any) -> None:
    assert ask(server, "text/plain; charset=hex", path).json() == body


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=UTF8",
        "text/plain; charset=us-ascii",
        "text/plain; charset=ISO-8859-1",
        "multipart/form-data; boundary=x",
        "",
    ],
)
def test_the_usual_ones_are_accepted(server: Any, content_type: str) -> None:
    assert ask(server, content_type).status_code == 401


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate"])
@pytest.mark.parametrize("path", ["/api/teams/", "/api/v1/msg/tags/", "/api/contacts/"])
def test_compressed_bodies_are_told_so(as_admin: Any, coding: str, path: str) -> None:
    pressed = gzip.compress(b'{"name": "North"}')
    answer = as_admin.generic(
        "POST", path, pressed, content_type="application/json", headers={"Content-Encoding": coding}
    )

    assert (answer.status_code, coding in answer.content.decode()) == (415, True)
    assert not Team.objects.exists()
    assert as_admin.generic("POST", path, pressed, content_type="application/json").status_code == 400


def test_a_body_that_is_only_said_to_be_compressed(as_admin: Any) -> None:
    answer = as_admin.post("/api/teams/", {"name": "North"}, headers={"Content-Encoding": "UTF-8"})
    assert (answer.status_code, answer.json()["name"]) == (201, "North")
