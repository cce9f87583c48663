"""Every table has its page in Django admin, or a reason in docs/decisions/021-django-admin.md."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from customers.models import Customer
from tests.admin_rows import ROWS
from tests.test_architecture import ROOT

DECISION = (ROOT / "docs/decisions/021-django-admin.md").read_text()
# A line for each list: its name, its statements, and those of a search in it.
PINNED = (ROOT / "tests/admin_statements.txt").read_text().splitlines()
PAGES = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", sorted(apps.get_models(), key=lambda model: model._meta.label))
def test_every_table_has_a_page_or_a_reason(model: Any) -> None:
    if model in admin.site._registry:
        assert f"`{model._meta.label}`" not in DECISION, "it has a page now: remove its reason"
    else:
        assert f"- `{model._meta.label}`: " in DECISION, "register it, or say in the decision why not"


@pytest.mark.django_db
@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)
def test_every_list_opens_and_searches(model: Any, admin: User, customer: Customer) -> None:
    client = Client()
    client.force_login(admin)
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for query in ("", "?q=john", "?q=%2B94771234567", "?q=CUST000001", "?q=x", "?o=1", "?p=9"):
        answer = client.get(path + query)
        assert answer.status_code in (200, 302), query


# Each has one row.
SINGLE = {"core.Installation"}


def test_every_list_has_rows_to_count() -> None:
    assert {model._meta.label for model in PAGES} - SINGLE == set(ROWS)


@pytest.mark.django_db
@pytest.mark.parametrize("label", sorted(ROWS))
def test_a_list_costs_the_same_with_more_rows(label: str, admin: User) -> None:
    client = Client()
    client.force_login(admin)
    path = f"/admin/{label.replace('.', '/').lower()}/"
    counts: dict[tuple[int, str], int] = {}
    made: list[Any] = []
    for rows in (3, 30):
        made += [ROWS[label](n) for n in range(len(made), rows)]
        for query in ("", "?q=row"):
            client.get(path + query)  # what is looked up once
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(path + query)
            assert answer.status_code == 200
            assert answer.context["cl"].result_count >= rows, "the search finds them all"
            counts[rows, query] = len(captured)

    assert counts[30, ""] == counts[3, ""]
    assert counts[30, "?q=row"] == counts[3, "?q=row"]
    assert f"{label} {counts[30, '']} {counts[30, '?q=row']}" in PINNED


@pytest.mark.django_db
@pytest.mark.parametrize("label", sorted(ROWS))
def test_every_row_has_its_page(label: str, admin: User) -> None:
    client = Client()
    client.force_login(admin)
    row = ROWS[label](1)
    path = f"/admin/{label.replace('.', '/').lower()}/{row.pk}/"

    assert client.get(f"{path}change/").status_code == 200
    assert client.get(f"{path}history/").status_code == 200
