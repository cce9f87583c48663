"""The fifteen usage examples of the customers' contract, one after the other, as they are written there."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db

API = "/api/customers"


def signed_in(username: str, password: str) -> APIClient:
    client = APIClient()
    answer = client.post("/api/auth/login/", {"username": username, "password": password})
    assert answer.status_code == 200, answer.json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client


def test_all_fifteen(anonymous: APIClient, admin: User) -> None:
    # 1. Register a new customer
    answer = anonymous.post(
        f"{API}/register/",
        {
            "username": "johndoe",
            "email": "john@example.com",
            "password": "SecureP@ssw0rd123!",
            "password2": "SecureP@ssw0rd123!",
            "first_name": "John",
            "last_name": "Doe",
            "phone": "+1234567890",
        },
    )
    assert answer.status_code == 201, answer.json()
    registered = answer.json()
    pk = registered["id"]
    assert (registered["username"], registered["phone"], registered["loyalty_tier"]) == (
        "johndoe",
        "+1234567890",
        "bronze",
    )
    customer, desk = signed_in("johndoe", "SecureP@ssw0rd123!"), signed_in("ada", PASSWORD)

    # 2. Get current user profile
    answer = customer.get(f"{API}/customers/me/")
    assert (answer.status_code, answer.json()) == (200, registered)

    # 3. Update profile
    answer = customer.patch(
        f"{API}/customers/update_profile/",
        {
            "first_name": "John",
            "last_name": "Smith",
            "phone": "+1234567890",
            "accepts_marketing_email": True,
            "preferred_currency": "USD",
        },
    )
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["last_name"], answer.json()["accepts_marketing_email"]) == ("Smith", True)

    # 4. Change password
    answer = customer.post(
        f"{API}/customers/change_password/",
        {
            "old_password": "SecureP@ssw0rd123!",
            "new_password": "NewSecureP@ss456!",
            "new_password2": "NewSecureP@ss456!",
        },
    )
    assert answer.status_code == 200, answer.json()
    assert set(answer.json()) == {"message"}
    signed_in("johndoe", "NewSecureP@ss456!")

    # 5. Get customer statistics
    Customer.objects.filter(pk=pk).update(
        total_orders=15,
        total_spent="2450.00",
        last_order_date="2025-10-15T14:30:00Z",
        loyalty_points=2450,
        loyalty_tier="gold",
    )
    answer = customer.get(f"{API}/customers/{pk}/stats/")
    assert answer.json() == {
        "total_orders": 15,
        "total_spent": "2450.00",
        "average_order_value": "163.33",
        "last_order_date": "2025-10-15T14:30:00Z",
        "loyalty_points": 2450,
        "loyalty_tier": "gold",
    }

    # 6. Get customer orders
    for number, state in (("A-1", "delivered"), ("A-2", "pending")):
        order = {"number": number, "status": state, "total": "10.00", "placed_at": "2025-10-16T10:00:00Z"}
        assert desk.post(f"{API}/customers/{pk}/orders/", order).status_code == 201
    answer = customer.get(f"{API}/customers/{pk}/orders/?status=delivered")
    assert [order["number"] for order in answer.json()["results"]] == ["A-1"]

    # 7. Add a new address
    address = {
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
    answer = customer.post(f"{API}/addresses/", address)
    assert answer.status_code == 201, answer.json()
    assert {field: answer.json()[field] for field in address} == address
    assert answer.json()["customer"] == pk

    # 8. Set address as default
    answer = customer.post(f"{API}/addresses/{answer.json()['id']}/set_default/")
    assert (answer.status_code, answer.json()["is_default"]) == (200, True)

    # 9. Filter customers by loyalty tier
    answer = desk.get(f"{API}/customers/?loyalty_tier=gold&min_spent=1000")
    assert [row["id"] for row in answer.json()["results"]] == [pk]

    # 10. Add loyalty points (admin)
    points = {"points": 500, "reason": "Special promotion bonus"}
    answer = desk.post(f"{API}/customers/{pk}/add_loyalty_points/", points)
    assert (answer.status_code, answer.json()["loyalty_points"]) == (200, 2950)

    # 11. Verify customer account (admin)
    answer = desk.post(f"{API}/customers/{pk}/verify/")
    assert (answer.status_code, answer.json()["is_verified"]) == (200, True)

    # 12. Create customer group (admin)
    answer = desk.post(
        f"{API}/groups/",
        {
            "name": "VIP Gold Members",
            "description": "Top tier customers with exclusive benefits",
            "discount_percentage": 15.00,
            "priority_support": True,
            "free_shipping": True,
        },
    )
    assert answer.status_code == 201, answer.json()
    assert (answer.json()["discount_percentage"], answer.json()["member_count"]) == ("15.00", 0)

    # 13. Add customer to group (admin)
    answer = desk.post(f"{API}/groups/{answer.json()['id']}/add_member/", {"customer_id": pk})
    assert (answer.status_code, answer.json()["member_count"]) == (200, 1)
    assert customer.get(f"{API}/customers/me/").json()["benefits"] == {
        "discount_percentage": "15.00",
        "priority_support": True,
        "free_shipping": True,
    }

    # 14. Get customer wishlist
    assert customer.post(f"{API}/customers/{pk}/wishlist/", {"product_id": 7, "name": "A chair"}).status_code == 201
    answer = customer.get(f"{API}/customers/{pk}/wishlist/")
    assert [item["name"] for item in answer.json()["results"]] == ["A chair"]

    # 15. Get customer reviews
    review = {"product_id": 7, "rating": 5, "text": "Sturdy."}
    assert customer.post(f"{API}/customers/{pk}/reviews/", review).status_code == 201
    answer = customer.get(f"{API}/customers/{pk}/reviews/")
    assert [(one["product_id"], one["rating"], one["text"]) for one in answer.json()["results"]] == [
        ("7", 5, "Sturdy.")
    ]
