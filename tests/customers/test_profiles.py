"""Profiles: seeing, changing, closing."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import Session, User
from customers.models import Customer, Event, LoyaltyEntry
from tests.cast import PASSWORD, ClientOf

API = "/api/customers/customers"
KEYS = {
    "id",
    "customer_id",
    "username",
    "email",
    "first_name",
    "last_name",
    "full_name",
    "phone",
    "phone_verified",
    "nic",
    "avatar",
    "gender",
    "date_of_birth",
    "preferred_language",
    "preferred_currency",
    "accepts_marketing_email",
    "accepts_marketing_sms",
    "marketing",
    "is_active",
    "is_verified",
    "is_vip",
    "loyalty_tier",
    "loyalty_points",
    "total_orders",
    "total_spent",
    "totals_by_currency",
    "average_order_value",
    "last_order_date",
    "customer_groups",
    "benefits",
    "date_joined",
    "updated_at",
}
STAFF = {"source", "owner", "notes", "referral", "phone_to_confirm"}


def test_shape(as_customer: APIClient, as_owner: APIClient, as_admin: APIClient, customer: Customer) -> None:
    mine = as_customer.get(f"{API}/me/").json()
    assert set(mine) == KEYS
    assert mine["full_name"] == "John Doe"
    assert mine["benefits"] == {
        "discount_percentage": "0.00",
        "priority_support": False,
        "free_shipping": False,
        "vip_access": False,
    }
    assert (mine["customer_groups"], mine["average_order_value"]) == ([], "0.00")
    assert as_customer.get(f"{API}/{customer.pk}/").json() == mine
    for client in (as_owner, as_admin):
        assert set(client.get(f"{API}/{customer.pk}/").json()) == KEYS | STAFF


def test_the_average_order_is_that_of_the_statistics(as_customer: APIClient, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(total_spent="2450.00", total_orders=15)

    assert as_customer.get(f"{API}/me/").json()["average_order_value"] == "163.33"
    assert as_customer.get(f"{API}/{customer.pk}/stats/").json()["average_order_value"] == "163.33"


def test_others_are_missing_for_customers(as_customer: APIClient) -> None:
    other = Customer.objects.create(first_name="Other")

    for path in ("", "stats/", "orders/", "wishlist/", "reviews/", "loyalty/", "export/"):
        answer = as_customer.get(f"{API}/{other.pk}/{path}")
        assert (answer.status_code, answer.json()) == (404, as_customer.get(f"{API}/999999/").json()), path
    assert as_customer.patch(f"{API}/{other.pk}/", {"first_name": "X"}).status_code == 404
    assert as_customer.post(f"{API}/{other.pk}/deactivate/").status_code == 404
    other.refresh_from_db()
    assert (other.first_name, other.is_active) == ("Other", True)


def test_no_post_on_the_list(as_admin: APIClient) -> None:
    assert as_admin.post(f"{API}/", {"first_name": "X"}).status_code == 405


def test_update_profile(as_customer: APIClient, customer: Customer, customer_login: User) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone_verified=True, is_verified=True)

    answer = as_customer.put(
        f"{API}/update_profile/",
        {
            "first_name": "Johnny",
            "email": "new@example.com",
            "current_password": PASSWORD,
            "phone": "077 999 9999",
            "nic": "200012345678",
            "gender": "male",
            "date_of_birth": "1990-05-15",
            "preferred_language": "si",
            "preferred_currency": "lkr",
            "is_vip": True,
            "loyalty_points": 1_000_000,
            "loyalty_tier": "platinum",
            "username": "root",
            "role": "admin",
            "owner": None,
        },
    )

    assert answer.status_code == 200, answer.json()
    mine = answer.json()
    assert (mine["first_name"], mine["phone"], mine["phone_verified"]) == ("Johnny", "+94779999999", False)
    assert (mine["email"], mine["is_verified"], mine["preferred_currency"]) == ("new@example.com", False, "LKR")
    assert (mine["is_vip"], mine["loyalty_points"], mine["loyalty_tier"]) == (False, 0, "bronze")
    assert (mine["date_of_birth"], mine["gender"], mine["username"]) == ("1990-05-15", "male", "johndoe")
    customer_login.refresh_from_db()
    assert (customer_login.first_name, customer_login.email) == ("Johnny", "new@example.com")
    assert customer_login.role == "customer"
    assert Event.objects.filter(customer=customer, type="customer_updated").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nonsense"),
        ("email", "sam@desk.example"),
        ("email", "SAM@desk.example"),
        ("email", ""),
        ("phone", "123"),
        ("gender", "robot"),
        ("date_of_birth", "2999-01-01"),
        ("date_of_birth", "15.05.1990"),
        ("preferred_currency", "DOLLARS"),
        ("preferred_language", "<b>"),
        ("first_name", "x" * 151),
        ("accepts_marketing_sms", "perhaps"),
    ],
)
def test_bad_values(as_customer: APIClient, customer: Customer, owner: User, field: str, value: Any) -> None:
    before = as_customer.get(f"{API}/me/").json()

    body = {field: value, "last_name": "Changed", "current_password": PASSWORD}
    answer = as_customer.patch(f"{API}/update_profile/", body)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert as_customer.get(f"{API}/me/").json() == before


def test_what_is_not_theirs_by_id_is_refused_by_name(as_customer: APIClient, customer: Customer) -> None:
    whole = as_customer.get(f"{API}/{customer.pk}/").json()
    assert as_customer.put(f"{API}/{customer.pk}/", {**whole, "last_name": "Roe"}).status_code == 200

    answer = as_customer.patch(f"{API}/{customer.pk}/", {"is_vip": True, "loyalty_tier": "gold", "first_name": "X"})

    assert answer.status_code == 403
    assert answer.json()["detail"].endswith("is_vip, loyalty_tier.")
    customer.refresh_from_db()
    assert (customer.is_vip, customer.first_name, customer.last_name) == (False, "John", "Roe")


def test_an_admin_writes_everything(as_admin: APIClient, customer: Customer, stranger: User) -> None:
    body = {"is_vip": True, "loyalty_tier": "silver", "notes": "n", "owner": stranger.pk, "source": "website"}

    answer = as_admin.patch(f"{API}/{customer.pk}/", body)

    assert answer.status_code == 200, answer.json()
    shown = answer.json()
    assert (shown["is_vip"], shown["notes"], shown["owner"]["id"]) == (True, "n", stranger.pk)
    assert LoyaltyEntry.objects.get().tier_after == "silver"


def test_change_password(as_customer: APIClient, customer_login: User, client_of: ClientOf) -> None:
    elsewhere = client_of(customer_login)
    good = {"old_password": PASSWORD, "new_password": "Another-horse-77", "new_password2": "Another-horse-77"}
    for change, field in (
        ({"old_password": "wrong"}, "old_password"),
        ({"new_password2": "else"}, "new_password2"),
        ({"new_password": "12345678", "new_password2": "12345678"}, "new_password"),
    ):
        answer = as_customer.post(f"{API}/change_password/", {**good, **change})
        assert (answer.status_code, list(answer.json())) == (400, [field])
    assert elsewhere.get(f"{API}/me/").status_code == 200

    answer = as_customer.post(f"{API}/change_password/", good)

    assert answer.status_code == 200
    assert as_customer.get(f"{API}/me/").status_code == 200
    assert elsewhere.get(f"{API}/me/").status_code == 401


def test_guessing_the_old_password_is_limited(as_customer: APIClient) -> None:
    guess = {"old_password": "wrong", "new_password": "Another-horse-77", "new_password2": "Another-horse-77"}

    codes = [as_customer.post(f"{API}/change_password/", guess).status_code for _ in range(12)]

    assert codes == [400] * 10 + [429] * 2


def test_deactivate_and_reactivate(
    as_customer: APIClient, as_admin: APIClient, customer: Customer, anonymous: APIClient
) -> None:
    assert as_customer.post(f"{API}/{customer.pk}/deactivate/").json()["is_active"] is False

    login = {"username": "johndoe", "password": PASSWORD}
    assert as_customer.get(f"{API}/me/").status_code == 401
    assert anonymous.post("/api/auth/login/", login).status_code == 401
    assert Session.objects.live().filter(user__username="johndoe").count() == 0

    assert as_admin.post(f"{API}/{customer.pk}/reactivate/").json()["is_active"] is True
    assert as_customer.get(f"{API}/me/").status_code == 401
    assert anonymous.post("/api/auth/login/", login).status_code == 200


def test_verify_and_make_vip(as_admin: APIClient, customer: Customer) -> None:
    assert as_admin.post(f"{API}/{customer.pk}/verify/").json()["is_verified"] is True
    assert as_admin.post(f"{API}/{customer.pk}/make_vip/").json()["is_vip"] is True
    assert as_admin.post(f"{API}/{customer.pk}/make_vip/").status_code == 200
    assert Event.objects.filter(customer=customer).count() == 2


def png() -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(buffer, "PNG")
    return SimpleUploadedFile("me.png", buffer.getvalue(), "image/png")


def test_avatar(
    as_customer: APIClient,
    as_stranger: APIClient,
    anonymous: APIClient,
    customer: Customer,
    settings: Any,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    answer = as_customer.patch(f"{API}/update_profile/", {"avatar": png()}, format="multipart")
    assert answer.status_code == 200, answer.json()
    url = answer.json()["avatar"]
    assert "/media/avatars/" in url
    assert anonymous.get(url).status_code == 200
    path = url.split("?")[0]
    assert as_customer.get(path).status_code == 200
    assert as_stranger.get(path).status_code == 404
    assert anonymous.get(path).status_code == 401
    # The profile sent back changes nothing.
    assert as_customer.put(f"{API}/update_profile/", answer.json()).json()["avatar"].split("?")[0] == path

    text = SimpleUploadedFile("me.txt", b"hello", "text/plain")
    assert list(as_customer.patch(f"{API}/update_profile/", {"avatar": text}, format="multipart").json()) == ["avatar"]
    false = SimpleUploadedFile("me.png", b"hello", "image/png")
    assert list(as_customer.patch(f"{API}/update_profile/", {"avatar": false}, format="multipart").json()) == ["avatar"]

    with django_capture_on_commit_callbacks(execute=True):
        assert as_customer.patch(f"{API}/update_profile/", {"avatar": None}).json()["avatar"] is None
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == []
