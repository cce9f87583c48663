"""OPTIONS tells everybody what a path takes, or refuses; it fails nowhere."""

from typing import Any

import pytest

from tests.permission_matrix import MATRIX, ROLES
from tests.routes import paths


@pytest.mark.parametrize("role", ROLES)
def test_no_route_fails(role: str, things: dict[str, int], request: pytest.FixtureRequest) -> None:
    client: Any = request.getfixturevalue("anonymous" if role == "anonymous" else f"as_{role}")
    client.raise_request_exception = False
    there = {row.format(**things).split()[1] for row in MATRIX} | paths(things, 1)
    missing = paths({}, 99_999_999) | paths({}, "9" * 30) | paths({}, "x")

    answers = {path: client.options(path).status_code for path in there | missing}
    # What a body or a header says does not matter.
    odd = {path: client.generic("OPTIONS", path, b"{", "application/json").status_code for path in there}

    assert {path: status for path, status in [*answers.items(), *odd.items()] if status >= 500} == {}
    assert answers["/api/auth/me/"] == (401 if role == "anonymous" else 200)
    assert {answers[path] for path in there if path.startswith("/api/v1/msg/")} <= {200, 401, 403, 404}
