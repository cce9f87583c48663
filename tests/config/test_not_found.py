"""A row that does not exist, or may not be seen, gets the same 404 everywhere."""

import re
from typing import Any

import pytest

from tests.permission_matrix import MATRIX

# These have their own texts.
WORDED = ("/contacts/", "/api/v1/msg/")
ROWS = [row for row in MATRIX if row.startswith(("GET", "DELETE")) and "{" in row and not any(w in row for w in WORDED)]


@pytest.mark.parametrize("row", ROWS)
def test_a_missing_row(row: str, as_admin: Any) -> None:
    method, path = re.sub(r"{\w+}", "987654", row).split()
    response = as_admin.generic(method, path)
    assert (response.status_code, response.json()) == (404, {"detail": "Not found.", "code": "not_found"})


@pytest.mark.parametrize(
    ("path", "text"),
    [("/api/users/?page=99", "Invalid page."), ("/api/messages/?cursor=x", "Invalid cursor.")],
)
def test_a_view_may_say_more(as_admin: Any, path: str, text: str) -> None:
    response = as_admin.get(path)
    assert (response.status_code, response.json()) == (404, {"detail": text, "code": "not_found"})
