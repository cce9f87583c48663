"""Two admins who save the same in Django admin at the same moment: one wins, the other reads why."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from customers.models import Customer, CustomerGroup
from messaging.models import BusinessNumber
from tags.models import Tag
from tests.accounts.parallel import in_parallel
from tests.customers.test_admin_forms import CONSTRAINT, CUSTOMER, GROUP, USER

PAGES: list[tuple[str, Any, dict[str, Any]]] = [
    ("customers/customer", Customer, CUSTOMER | {"first_name": "Jane", "phone": "+94770000009"}),
    ("customers/customergroup", CustomerGroup, GROUP | {"name": "Gold"}),
    ("tags/tag", Tag, {"name": "Late"}),
    ("messaging/businessnumber", BusinessNumber, {"external_id": "111", "display": "+94 11", "waba_id": "7"}),
    ("accounts/user", User, USER | {"username": "nina", "email": "nina@desk.example"}),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "model", "body"), PAGES, ids=[page[0] for page in PAGES])
def test_one_of_several_wins(admin: User, path: str, model: Any, body: dict[str, Any]) -> None:
    before = model.objects.count()
    browser = Client()
    browser.force_login(admin)

    def save() -> tuple[int, str]:
        client = Client()
        client.cookies = browser.cookies.copy()
        answer = client.post(f"/admin/{path}/add/", body)
        return answer.status_code, answer.content.decode()

    answers = in_parallel(4, save)

    assert sorted(code for code, _ in answers) == [200, 200, 200, 302]
    assert model.objects.count() == before + 1
    for code, page in answers:
        if code == 200:
            assert "errorlist" in page
            assert not CONSTRAINT.search(page[page.index('id="content"') : page.index('class="submit-row')])


@pytest.mark.django_db(transaction=True)
def test_points_given_at_the_same_moment_all_count(admin: User, customer: Customer) -> None:
    browser = Client()
    browser.force_login(admin)
    path = f"/admin/customers/customer/{customer.pk}/change/?section=points"
    body = {"do": "add_points", "given-points": "5", "given-reason": f"A gift at {timezone.now():%H:%M}"}

    def give() -> int:
        client = Client()
        client.cookies = browser.cookies.copy()
        return client.post(path, body).status_code

    assert in_parallel(4, give) == [302] * 4
    customer.refresh_from_db()
    assert customer.loyalty_points == 20
