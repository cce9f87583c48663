"""Sessions, users and messages of Django's are for its pages. What clients of the API get is the same without them."""

from typing import Any

import pytest
from django.test import Client, override_settings
from rest_framework.test import APIClient

from accounts.models import User
from config import settings as ours
from customers.models import Customer

DJANGOS = {
    "config.middleware.PageSessions": "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.PageUsers": "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.PageMessages": "django.contrib.messages.middleware.MessageMiddleware",
}
EVERYWHERE = override_settings(MIDDLEWARE=[DJANGOS.get(name, name) for name in ours.MIDDLEWARE])


def shown(answer: Any) -> Any:
    headers = {name: value for name, value in answer.items() if name != "X-Request-ID"}
    return answer.status_code, headers, answer.content, answer.cookies.output()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/customers/"),
        ("get", "/api/customers/{customer}/"),
        ("post", "/api/customers/"),
        ("options", "/api/customers/"),
        ("get", "/api/customers/0/"),
        ("get", "/api/nowhere/"),
        ("post", "/api/nowhere/"),
        ("get", "/api/docs/"),
        ("get", "/api/redoc/"),
        ("get", "/admin/login/?next=/x"),
        ("get", "/swagger.json"),
    ],
)
@pytest.mark.parametrize("origin", ["http://localhost:3000", None])
def test_the_answer_is_the_same(
    as_admin: APIClient, customer: Customer, method: str, path: str, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    path = path.format(customer=customer.pk)
    as_admin.cookies["sessionid"] = "somebody"
    assert set(DJANGOS) <= set(ours.MIDDLEWARE)

    answer = getattr(as_admin, method)(path, headers=headers)
    as_admin.handler._middleware_chain = None
    with EVERYWHERE:
        other = getattr(as_admin, method)(path, headers=headers)
    as_admin.handler._middleware_chain = None

    assert (b"csrfmiddlewaretoken" in answer.content) == path.startswith("/admin/")
    if not path.startswith("/admin/"):  # its page has another CSRF token each time
        assert shown(answer) == shown(other)
    assert answer["X-Frame-Options"] == "DENY"


def test_pages_say_what_was_done(client: Client, admin: User) -> None:
    client.force_login(admin)
    page = client.post("/admin/tags/tag/add/", {"name": "urgent"}, follow=True)
    assert "was added successfully" in page.content.decode()
