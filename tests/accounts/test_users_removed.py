"""What remains of a removed login."""

from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.registration import register
from customers.models import Customer, Event
from tests.cast import PASSWORD


def test_a_login_can_be_removed_whatever_names_are_taken(as_admin: APIClient, stranger: User) -> None:
    """Anyone may register any name, even the one that the removed login would get."""
    name = f"removed-{stranger.pk}"
    register(username=name, email=f"{name}@removed.invalid", password=PASSWORD)

    assert as_admin.delete(f"/api/users/{stranger.pk}/").status_code == 204

    stranger.refresh_from_db()
    assert not stranger.is_active


def test_a_customer_whose_login_is_gone_may_register_again(
    as_admin: APIClient, anonymous: APIClient, customer: Customer, customer_login: User
) -> None:
    assert as_admin.delete(f"/api/users/{customer_login.pk}/").status_code == 204

    customer.refresh_from_db()
    assert (customer.user, customer.email) == (None, "john@example.com")
    assert Event.objects.filter(customer=customer).last().type == "customer_updated"  # type: ignore[union-attr]
    again: dict[str, Any] = {
        "username": "john2",
        "email": "john@example.com",
        "password": "SecureP@ssw0rd123!",
        "password2": "SecureP@ssw0rd123!",
        "phone": customer.phone,
    }
    answer = anonymous.post("/api/customers/register/", again)
    assert (answer.status_code, answer.json().get("phone")) == (201, customer.phone)
