"""Query parameters of every list: a value that is not allowed is refused, never ignored."""

from collections.abc import Iterator
from typing import Any

import django_filters
import pytest
from rest_framework.test import APIClient

from core.filters import TextFilter
from customers.filters import CurrencyFilter, LanguageFilter
from tests.permission_matrix import endpoints

# Filters for which every text is a value.
FREE = (TextFilter, django_filters.CharFilter, CurrencyFilter, LanguageFilter)


def filters() -> Iterator[tuple[str, str, Any]]:
    """Path, parameter and filter of every list."""
    for row, view in endpoints():
        method, path = row.split()
        action = getattr(view, "actions", {"get": "list"}).get("get")
        if method != "GET" or action != "list":
            continue
        instance = view.cls(**view.initkwargs)
        instance.action = action
        if (filterset := getattr(instance, "filterset_class", None)) is not None:
            for name, found in filterset.base_filters.items():
                yield path, name, found


CLOSED = [(path, name) for path, name, found in filters() if name == "ordering" or not isinstance(found, FREE)]


def test_there_are_lists_with_filters() -> None:
    paths = {path for path, _ in CLOSED}

    assert {"/api/customers/", "/api/contacts/", "/api/users/", "/api/assignments/"} <= paths
    assert len(CLOSED) > 30


@pytest.mark.parametrize(("path", "name"), CLOSED)
def test_an_unknown_value_is_refused(path: str, name: str, things: dict[str, int], as_admin: APIClient) -> None:
    response = as_admin.get(path.format(**things), {name: "no such value"})

    assert response.status_code == 400, response.content
    assert response.content
