"""Every table has its page in Django admin, or a reason in docs/decisions/021-django-admin.md."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from accounts.models import User
from customers.models import Customer
from tests.test_architecture import ROOT

DECISION = (ROOT / "docs/decisions/021-django-admin.md").read_text()
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
