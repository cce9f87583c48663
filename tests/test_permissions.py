"""Every endpoint answers everybody of the cast as the permission matrix says."""

from typing import Any

import pytest
from django.db import transaction

from tests.permission_matrix import MATRIX, ROLES, rows


@pytest.fixture
def client_as(request: pytest.FixtureRequest) -> Any:
    names = {"anonymous": "anonymous", **{role: f"as_{role}" for role in ROLES[1:]}}
    return lambda role: request.getfixturevalue(names[role])


def test_every_endpoint_has_a_row() -> None:
    missing = set(rows()) ^ set(MATRIX)
    assert not missing, f"add a row to MATRIX, or take one out: {sorted(missing)}"


@pytest.mark.parametrize("row", MATRIX)
def test_the_matrix(row: str, things: dict[str, int], client_as: Any) -> None:
    """One row for all of the cast: making the things takes longer than asking for them."""
    method, path = row.format(**things).split()
    answers = []
    for client in [client_as(role) for role in ROLES]:
        with transaction.atomic():
            body = b"{}" if method != "GET" else b""
            answers.append(client.generic(method, path, body, content_type="application/json").status_code)
            transaction.set_rollback(True)  # the next one finds what this one found
    assert dict(zip(ROLES, answers, strict=True)) == dict(zip(ROLES, map(int, MATRIX[row].split()), strict=True))


@pytest.mark.parametrize("row", [row for row in MATRIX if "{" in row and " 404 " in MATRIX[row]])
def test_foreign_and_missing_look_the_same(row: str, things: dict[str, int], as_stranger: Any) -> None:
    answers = []
    for ids in (things, dict.fromkeys(things, 99_999_999)):
        method, path = row.format(**ids).split()
        response = as_stranger.generic(method, path, b"{}" if method != "GET" else b"", content_type="application/json")
        answers.append((response.status_code, response.content))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
