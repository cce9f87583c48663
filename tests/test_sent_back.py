"""Every row can be sent back as GET gave it, by everybody who may change it, and nothing changes."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.permission_matrix import endpoints

# Their GET lists what has no PUT, or their body is not a row of theirs.
_NO_ROWS = {"/api/v1/msg/customer/{customer}/tags/", "/api/customers/customers/update_profile/"}
_READ_AT = {"/api/customers/customers/{customer}/reviews/{review}/": "/api/customers/customers/{customer}/reviews/"}
_CHANGES_BY_ITSELF = {"updated_at", "avatar", "file_url"}

ROWS = sorted(row for row, _ in endpoints() if row.startswith(("PUT ", "PATCH ")) and row.split()[1] not in _NO_ROWS)


def row_of(answer: Any, pk: int | None) -> Any:
    """The row in an answer, which may be in an envelope or a list."""
    body = answer.json()
    body = body.get("data", body)
    return next(row for row in body["results"] if row["id"] == pk) if "results" in body else body


def lasting(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _CHANGES_BY_ITSELF}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_as_it_came(
    row: str, things: dict[str, int], as_admin: APIClient, as_owner: APIClient, as_customer: APIClient
) -> None:
    method, path = row.split()
    target, source = path.format(**things), _READ_AT.get(path, path).format(**things)
    pk = things.get("review") if path in _READ_AT else None
    accepted = 0
    for client in (as_admin, as_owner, as_customer):
        if (read := client.get(source)).status_code != 200:
            continue
        came = row_of(read, pk)
        answer = getattr(client, method.lower())(target, came)
        if answer.status_code in (403, 404):
            continue
        assert answer.status_code == 200, answer.json()
        assert lasting(row_of(answer, pk)) == lasting(came)
        assert lasting(row_of(client.get(source), pk)) == lasting(came)
        accepted += 1
    assert accepted


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_profile_as_it_came(as_customer: APIClient, method: str) -> None:
    came = as_customer.get("/api/customers/customers/me/").json()

    answer = getattr(as_customer, method)("/api/customers/customers/update_profile/", came)

    assert (answer.status_code, lasting(answer.json())) == (200, lasting(came))
