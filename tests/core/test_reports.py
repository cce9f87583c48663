"""What may be a moment old is read where reports are read, and nothing that somebody has just changed."""

from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from accounts.models import User
from core.admin import readonly
from customers.models import Customer


@pytest.fixture
def read_old(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were read as of a moment ago."""
    read: list[str] = []

    def noted(rows: "QuerySet[Any]") -> "QuerySet[Any]":
        read.append(rows.model._meta.db_table)
        return rows

    monkeypatch.setattr(readonly, "may_be_old", noted)
    return read


@pytest.mark.parametrize(
    ("page", "old"),
    [
        ("customers/event", ["customers_event"]),
        ("admin/logentry", ["django_admin_log"]),
        ("messaging/message", []),  # can be sent again
        ("customers/customer", []),
    ],
)
def test_lists_of_django_admin(
    admin: User, customer: Customer, client: Client, read_old: list[str], page: str, old: list[str]
) -> None:
    client.force_login(admin)

    assert client.get(f"/admin/{page}/").status_code == 200
    assert read_old == old
