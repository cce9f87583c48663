"""POST /api/customers/register/"""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from core.phones import normalize
from customers.models import Customer
from tests.customers.statements import without_values

PATH = "/api/customers/register/"


def somebody(**fields: Any) -> dict[str, Any]:
    return {
        "username": "jane",
        "email": "jane@example.com",
        "password": "SecureP@ssw0rd123!",
        "password2": "SecureP@ssw0rd123!",
        **fields,
    }


def test_a_customer_with_a_login(anonymous: APIClient) -> None:
    answer = anonymous.post(PATH, somebody(first_name="Jane", phone="077 123 0000", is_vip=True, role="admin"))

    assert answer.status_code == 201, answer.json()
    customer, login = Customer.objects.get(), User.objects.get()
    assert (customer.user, login.role, login.first_name) == (login, "customer", "Jane")
    assert (customer.phone, customer.pending_phone, customer.source) == (None, "+94771230000", "website")
    assert (answer.json()["phone"], answer.json()["phone_verified"]) == ("+94771230000", False)
    assert (customer.is_vip, customer.owner, customer.loyalty_tier) == (False, None, "bronze")
    assert answer.json()["id"] == customer.pk
    assert not {"password", "password2", "notes", "owner"} & set(answer.json())
    signed_in = anonymous.post("/api/auth/login/", {"username": "JANE", "password": "SecureP@ssw0rd123!"})
    assert signed_in.json()["user"]["customer"] == customer.pk


def test_an_expired_token_does_not_stand_in_the_way(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    assert anonymous.post(PATH, somebody()).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "SAM"}, "username"),
        ({"username": "sam@desk.example"}, "username"),
        ({"email": "Sam@Desk.example"}, "email"),
        ({"username": "has blanks"}, "username"),
        ({"username": ""}, "username"),
        ({"email": "nonsense"}, "email"),
        ({"email": ""}, "email"),
        ({"password": "12345678", "password2": "12345678"}, "password"),
        ({"password": "jane", "password2": "jane"}, "password"),
        ({"password2": "SecureP@ssw0rd124!"}, "password2"),
        ({"phone": "12"}, "phone"),
        ({"date_of_birth": "2999-01-01"}, "date_of_birth"),
    ],
)
def test_refusals_leave_nothing(anonymous: APIClient, owner: User, change: dict[str, Any], field: str) -> None:
    answer = anonymous.post(PATH, somebody(**change))

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert (User.objects.count(), Customer.objects.count()) == (1, 0)


def test_what_is_missing_is_named(anonymous: APIClient) -> None:
    assert set(anonymous.post(PATH, {}).json()) == {"username", "email", "password", "password2"}


def test_an_empty_phone_is_none_however_often(anonymous: APIClient) -> None:
    for number, phone in enumerate(["", "", None, "  "]):
        answer = anonymous.post(PATH, somebody(username=f"jane{number}", email=f"j{number}@example.com", phone=phone))
        assert (answer.status_code, answer.json()["phone"], answer.json()["phone_verified"]) == (201, None, False)
    assert set(Customer.objects.values_list("phone", "pending_phone")) == {(None, "")}


def test_the_answer_does_not_tell_whether_the_number_is_known(anonymous: APIClient, customer: Customer) -> None:
    """Nor does the work behind it: a chat customer, a registered one and nobody look the same."""
    holder = User.objects.create_user("holder", "holder@example.com", "x", role="customer")
    Customer.objects.create(user=holder, phone="+94779999999", phone_verified=True)
    answers, statements = [], []
    for number, phone in enumerate(["0771234567", "+94779999999", "0770000000", "0770000000"]):
        body = somebody(username=f"jane{number}", email=f"j{number}@example.com", phone=phone)
        with CaptureQueriesContext(connection) as queries:
            answer = anonymous.post(PATH, body)
        told = answer.json()
        assert told.pop("phone") == normalize(phone)
        differs = ("id", "customer_id", "username", "full_name", "email", "date_joined", "updated_at")
        answers.append((answer.status_code, {key: value for key, value in told.items() if key not in differs}))
        statements.append(without_values(queries))
    assert answers[0][0] == 201
    assert all(answer == answers[0] for answer in answers)
    assert all(made == statements[0] for made in statements)
    customer.refresh_from_db()
    assert (customer.phone, customer.user) == ("+94771234567", None)


def test_it_is_throttled_by_address(anonymous: APIClient, settings: Any) -> None:
    settings.THROTTLE_REGISTER = "3/hour"

    codes = [anonymous.post(PATH, {}, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").status_code for n in range(5)]

    assert codes == [400, 400, 400, 429, 429]
