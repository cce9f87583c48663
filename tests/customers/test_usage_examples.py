"""The fifteen usage examples of the customers' contract, as they are written there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.addresses import create_address
from customers.actions.purchases import record_order, wish, write_review
from customers.actions.registration import register
from customers.models import Customer, CustomerGroup

API = "/api/customers"
PASSWORD = "SecureP@ssw0rd123!"
JOHN = {
    "username": "johndoe",
    "email": "john@example.com",
    "first_name": "John",
    "last_name": "Doe",
    "phone": "+1234567890",
}
PROFILE = {"first_name": "John", "last_name": "Smith", "phone": "+1234567890", "accepts_marketing_email": True}
ADDRESS = {
    "address_type": "shipping",
    "first_name": "John",
    "last_name": "Doe",
    "phone": "+1234567890",
    "address_line1": "123 Main St",
    "address_line2": "Apt 4B",
    "city": "New York",
    "state": "NY",
    "postal_code": "10001",
    "country": "USA",
    "is_default": True,
}
GROUP = {
    "name": "VIP Gold Members",
    "description": "Top tier customers with exclusive benefits",
    "priority_support": True,
    "free_shipping": True,
}
STATS = {
    "total_orders": 15,
    "total_spent": "2450.00",
    "last_order_date": "2025-10-15T14:30:00Z",
    "loyalty_points": 2450,
    "loyalty_tier": "gold",
}
NEW_PASSWORD = {"new_password": "NewSecureP@ss456!", "new_password2": "NewSecureP@ss456!"}

# Title, who asks, what, with which body, and what the answer shows among other things.
EXAMPLES: list[tuple[str, str, str, Any, int, Any]] = [
    (
        "1. Register a New Customer",
        "nobody",
        "POST /register/",
        {**JOHN, "username": "jane", "email": "jane@example.com", "phone": "+1234567899"}
        | {"password": PASSWORD, "password2": PASSWORD},
        201,
        {"username": "jane", "phone": "+1234567899", "loyalty_tier": "bronze"},
    ),
    ("2. Get Current User Profile", "john", "GET /customers/me/", None, 200, JOHN),
    (
        "3. Update Profile",
        "john",
        "PATCH /customers/update_profile/",
        {**PROFILE, "preferred_currency": "USD"},
        200,
        {**PROFILE, "preferred_currency": "USD"},
    ),
    (
        "4. Change Password",
        "john",
        "POST /customers/change_password/",
        {"old_password": PASSWORD, **NEW_PASSWORD},
        200,
        {"message": "Your password was changed. You were signed out everywhere else."},
    ),
    (
        "5. Get Customer Statistics",
        "john",
        "GET /customers/{john}/stats/",
        None,
        200,
        {**STATS, "average_order_value": "163.33"},
    ),
    (
        "6. Get Customer Orders",
        "john",
        "GET /customers/{john}/orders/?status=delivered",
        None,
        200,
        {"results": [{"number": "A-1", "status": "delivered"}]},
    ),
    ("7. Add a New Address", "john", "POST /addresses/", ADDRESS, 201, ADDRESS),
    ("8. Set Address as Default", "john", "POST /addresses/{address}/set_default/", None, 200, {"is_default": True}),
    (
        "9. Filter Customers by Loyalty Tier",
        "admin",
        "GET /customers/?loyalty_tier=gold&min_spent=1000",
        None,
        200,
        {"results": [JOHN]},
    ),
    (
        "10. Add Loyalty Points",
        "admin",
        "POST /customers/{john}/add_loyalty_points/",
        {"points": 500, "reason": "Special promotion bonus"},
        200,
        {"loyalty_points": 2950},
    ),
    ("11. Verify Customer Account", "admin", "POST /customers/{john}/verify/", None, 200, {"is_verified": True}),
    (
        "12. Create Customer Group",
        "admin",
        "POST /groups/",
        {**GROUP, "discount_percentage": 15.00},
        201,
        {**GROUP, "discount_percentage": "15.00", "member_count": 0},
    ),
    (
        "13. Add Customer to Group",
        "admin",
        "POST /groups/{group}/add_member/",
        {"customer_id": "{john}"},
        200,
        {"name": "Wholesale buyers", "member_count": 1},
    ),
    (
        "14. Get Customer Wishlist",
        "john",
        "GET /customers/{john}/wishlist/",
        None,
        200,
        {"results": [{"product_id": "7", "name": "A chair"}]},
    ),
    (
        "15. Get Customer Reviews",
        "john",
        "GET /customers/{john}/reviews/",
        None,
        200,
        {"results": [{"product_id": "7", "rating": 5, "text": "Sturdy."}]},
    ),
]


@pytest.fixture
def ids(admin: User) -> dict[str, int]:
    """John, who is registered and has bought, and the ids that the examples name."""
    john = register(**JOHN, password=PASSWORD)
    by_admin: Any = {"customer_id": john.pk, "actor": admin}
    for number, status in (("A-1", "delivered"), ("A-2", "pending")):
        record_order(**by_admin, number=number, status=status, total=10, placed_at=datetime(2025, 10, 15, tzinfo=UTC))
    wish(**by_admin, product_id="7", name="A chair")
    write_review(**by_admin, product_id="7", rating=5, text="Sturdy.")
    create_address(**by_admin, **{**ADDRESS, "is_default": False})
    address = create_address(**by_admin, **{**ADDRESS, "is_default": False})
    Customer.objects.filter(pk=john.pk).update(**STATS)
    return {"john": john.pk, "address": address.pk, "group": CustomerGroup.objects.create(name="Wholesale buyers").pk}


def shown_of(answer: Any, expected: Any) -> Any:
    """What an answer says of the things that are expected."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        return {name: shown_of(answer.get(name), value) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(answer, list) and len(answer) == len(expected):
        return [shown_of(*pair) for pair in zip(answer, expected, strict=True)]
    return answer


@pytest.mark.parametrize(("title", "who", "call", "body", "status", "expected"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_the_example(
    title: str,
    who: str,
    call: str,
    body: Any,
    status: int,
    expected: Any,
    ids: dict[str, int],
    as_admin: APIClient,
    anonymous: APIClient,
    client_of: Any,
) -> None:
    john = Customer.objects.get(pk=ids["john"]).user
    client = {"nobody": anonymous, "john": client_of(john), "admin": as_admin}[who]
    method, path = call.format(**ids).split()
    body = body and {name: value.format(**ids) if value == "{john}" else value for name, value in body.items()}

    answer = getattr(client, method.lower())(f"{API}{path}", body)

    assert (answer.status_code, shown_of(answer.json(), expected)) == (status, expected)


def test_statistics_are_the_six_documented_ones(ids: dict[str, int], as_admin: APIClient) -> None:
    answer = as_admin.get(f"{API}/customers/{ids['john']}/stats/")

    assert answer.json() == {**STATS, "average_order_value": "163.33"}


def test_a_changed_password_signs_in_and_benefits_of_a_group_show(ids: dict[str, int], as_admin: APIClient) -> None:
    """What the examples promise beyond their answers."""
    anonymous = APIClient()
    signed_in = anonymous.post("/api/auth/login/", {"username": "johndoe", "password": PASSWORD}).json()
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {signed_in['access']}")
    CustomerGroup.objects.filter(pk=ids["group"]).update(discount_percentage=15, free_shipping=True)
    as_admin.post(f"{API}/groups/{ids['group']}/add_member/", {"customer_id": ids["john"]})
    anonymous.post(f"{API}/customers/change_password/", {"old_password": PASSWORD, **NEW_PASSWORD})

    benefits = anonymous.get(f"{API}/customers/me/").json()["benefits"]
    again = APIClient().post("/api/auth/login/", {"username": "johndoe", "password": NEW_PASSWORD["new_password"]})

    given = {"discount_percentage": "15.00", "priority_support": True, "free_shipping": True}
    assert benefits == {**given, "vip_access": False}
    assert again.status_code == 200
