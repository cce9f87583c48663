"""No answer may be kept, framed or run by a browser, but those that are meant to be."""

import re
from http.client import HTTPConnection
from typing import Any

import pytest
from django.test import Client

from tests.live_server import LiveServer
from tests.permission_matrix import MATRIX, ROLES
from tests.routes import paths

# What everybody may read.
PUBLIC = re.compile(r"/(api/(docs|redoc|guide)|swagger|static|phone|reports|reset)\b|/$")


def policy_of(answer: Any) -> dict[str, list[str]]:
    rules = (rule.split() for rule in answer["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in rules}


def is_wrong(path: str, answer: Any) -> bool:
    policy = policy_of(answer)
    kept = "no-store" not in answer["Cache-Control"]
    return (
        (
            policy.get("frame-ancestors") != ["'none'"] and not path.startswith("/media/")
        )  # a sandbox, which a page of another origin may show
        or policy["default-src"] != ["'none'"]
        or not {"'unsafe-inline'", "'unsafe-eval'", "*"}.isdisjoint(policy.get("script-src", []))
        or answer["Referrer-Policy"] not in ("same-origin", "no-referrer")
        or "camera=()" not in answer["Permissions-Policy"]
        or answer["X-Content-Type-Options"] != "nosniff"
        or "Server" in answer
        or (kept and answer.status_code < 300 and not PUBLIC.match(path))
    )


@pytest.mark.parametrize("role", ROLES)
def test_every_route(role: str, things: dict[str, int], request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue("anonymous" if role == "anonymous" else f"as_{role}")
    asked = {row.format(**things).split()[1] for row in MATRIX} | paths(things, 1)

    answers = {path: client.get(path) for path in sorted(asked)}

    assert {path: dict(answer.headers) for path, answer in answers.items() if is_wrong(path, answer)} == {}
    statuses = {answer.status_code for answer in answers.values()}
    assert {200, 404} <= statuses


def test_django_admin_runs_nothing_inline(admin: Any) -> None:
    browser = Client()
    browser.force_login(admin)
    for path in ("/admin/", "/admin/customers/customer/", "/admin/login/"):
        policy = policy_of(browser.get(path))
        assert policy["script-src"] == policy["style-src"] == ["'self'"]
        assert policy["form-action"] == ["'self'"]
        assert policy["base-uri"] == ["'none'"]


def test_refusals_that_are_given_before_django(server: LiveServer) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("POST", "/api/auth/login/")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()

    assert answer.status == 413
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
