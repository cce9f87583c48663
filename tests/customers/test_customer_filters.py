"""Every filter, the search and every ordering of the customer list, on data where each changes the result."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from customers.models import Customer

LIST = "/api/customers/customers/"


@pytest.fixture
def two(db: None) -> None:
    """Anna matches every filter, Ben none."""
    Customer.objects.create(
        first_name="Anna",
        last_name="Silva",
        username="asilva",
        email="anna@example.com",
        phone="+94771111111",
        is_active=True,
        is_verified=True,
        is_vip=True,
        phone_verified=True,
        loyalty_tier="gold",
        accepts_marketing_email=True,
        accepts_marketing_sms=True,
        total_orders=10,
        total_spent="5000.00",
        last_order_date=datetime(2025, 10, 1, tzinfo=UTC),
        preferred_language="si",
        preferred_currency="LKR",
        gender="female",
        date_joined=datetime(2025, 5, 1, tzinfo=UTC),
    )
    Customer.objects.create(
        first_name="Ben",
        last_name="Perera",
        username="bperera",
        email="ben@example.com",
        phone="+94772222222",
        is_active=False,
        total_orders=2,
        total_spent="100.00",
        last_order_date=datetime(2025, 1, 1, tzinfo=UTC),
        gender="male",
        date_joined=datetime(2025, 1, 1, tzinfo=UTC),
    )


def names(client: APIClient, query: str) -> list[str]:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.json()
    return [row["first_name"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("anna", "ben"),
    [
        ("is_active=true", "is_active=false"),
        ("is_verified=true", "is_verified=false"),
        ("is_vip=true", "is_vip=false"),
        ("phone_verified=true", "phone_verified=false"),
        ("loyalty_tier=gold", "loyalty_tier=bronze"),
        ("accepts_marketing_email=true", "accepts_marketing_email=false"),
        ("accepts_marketing_sms=true", "accepts_marketing_sms=false"),
        ("min_orders=10", "max_orders=9"),
        ("min_spent=5000", "max_spent=4999.99"),
        ("joined_after=2025-05-01", "joined_before=2025-04-30T23:59:59Z"),
        ("last_order_after=2025-10-01T00:00:00Z", "last_order_before=2025-09-30"),
        ("preferred_language=SI", "preferred_language=en"),
        ("preferred_currency=lkr", "preferred_currency=USD"),
        ("gender=female", "gender=male"),
        ("search=asilva", "search=BPERERA"),
        ("search=anna@", "search=ben@example.com"),
        ("search=silv ann", "search=Perera"),
        ("search=77111", "search=0772222222"),
        ("is_vip=true&min_spent=5000", "is_active=false&min_orders=1"),
    ],
)
def test_each_finds_one(as_admin: APIClient, two: None, anna: str, ben: str) -> None:
    assert names(as_admin, anna) == ["Anna"]
    assert names(as_admin, ben) == ["Ben"]


@pytest.mark.parametrize("order", ["date_joined", "total_orders", "total_spent", "last_order_date"])
def test_orderings(as_admin: APIClient, two: None, order: str) -> None:
    Customer.objects.create(first_name="Never", total_orders=0, date_joined=datetime(2024, 1, 1, tzinfo=UTC))
    never_first = ["Never", "Ben", "Anna"]

    # A customer without orders comes last in both directions.
    expected = ["Ben", "Anna", "Never"] if order == "last_order_date" else never_first
    assert names(as_admin, f"ordering={order}") == expected
    expected = ["Anna", "Ben", "Never"] if order == "last_order_date" else never_first[::-1]
    assert names(as_admin, f"ordering=-{order}") == expected


@pytest.mark.parametrize("order", ["nonsense", "-password", "user__password", "total_spent,nonsense", "?", "id"])
def test_unknown_orderings_are_refused(as_admin: APIClient, two: None, order: str) -> None:
    answer = as_admin.get(LIST, {"ordering": order})

    assert answer.status_code == 400
    allowed = "Choose from: date_joined, total_orders, total_spent, last_order_date."
    assert answer.json()["ordering"][0].endswith(allowed)


def test_newest_first_otherwise_and_in_pages(as_admin: APIClient, two: None) -> None:
    assert names(as_admin, "") == ["Ben", "Anna"]
    assert names(as_admin, "page_size=1&page=2") == ["Anna"]
    assert as_admin.get(f"{LIST}?page_size=1").json()["count"] == 2


@pytest.mark.parametrize(
    "query",
    [
        "is_vip=maybe",
        "loyalty_tier=diamond",
        "min_orders=-1",
        "min_orders=99999999999999999999",
        "min_spent=lots",
        "min_spent=NaN",
        "max_spent=1e40",
        "joined_after=yesterday",
        "joined_before=2025-13-01",
        "joined_before=0001-01-01T00:00:00%2B14:00",
        "gender=robot",
    ],
)
def test_nonsense_is_refused_by_name(as_admin: APIClient, two: None, query: str) -> None:
    answer = as_admin.get(f"{LIST}?{query}")

    assert answer.status_code == 400
    assert list(answer.json()) == [query.partition("=")[0]]


def test_the_same_queries_however_many(as_admin: APIClient, two: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(6):  # session, count, page, groups (there are none), currencies, marketing
        as_admin.get(f"{LIST}?ordering=-total_spent")
    for number in range(15):
        Customer.objects.create(first_name=f"C{number}")
    with django_assert_num_queries(6):
        as_admin.get(f"{LIST}?ordering=-total_spent")


def test_csv_of_the_filtered_list(as_admin: APIClient, two: None) -> None:
    Customer.objects.filter(first_name="Anna").update(notes='=HYPERLINK("http://evil")', nic="@SUM(A1)")

    answer = as_admin.get(f"{LIST}export/?is_vip=true", HTTP_ACCEPT="text/csv")

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer.streaming
    header, row = b"".join(answer.streaming_content).decode().strip().split("\r\n")
    assert header.startswith("\ufeffid,customer_id,username,email"), "Excel needs the byte order mark"
    assert '"\'=HYPERLINK(""http://evil"")"' in row
    assert "'@SUM(A1)" in row
    assert ",+94771111111," in row
    assert "Ben" not in row


@pytest.mark.parametrize(("delimiter", "sign"), [("comma", ","), ("semicolon", ";"), ("tab", "\t"), (";", ";")])
def test_csv_with_another_separator(as_admin: APIClient, two: None, delimiter: str, sign: str) -> None:
    answer = as_admin.get(f"{LIST}export/", {"delimiter": delimiter})
    assert f"id{sign}customer_id{sign}username" in b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("delimiter", ["pipe", "|", "COMMA"])
def test_csv_with_no_separator_we_know(as_admin: APIClient, two: None, delimiter: str) -> None:
    answer = as_admin.get(f"{LIST}export/", {"delimiter": delimiter})
    assert (answer.status_code, list(answer.json())) == (400, ["delimiter"])


def test_analytics(as_admin: APIClient, two: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        answer = as_admin.get(f"{LIST}analytics/")

    assert answer.json() == {
        "total_customers": 2,
        "active": 1,
        "inactive": 1,
        "verified": 1,
        "vip": 1,
        "by_tier": {"bronze": 1, "silver": 0, "gold": 1, "platinum": 0},
        "average_order_value_by_tier": {
            "bronze": "50.00",
            "silver": "0.00",
            "gold": "500.00",
            "platinum": "0.00",
        },
        "marketing_email_rate": 0.5,
        "marketing_sms_rate": 0.5,
    }


def test_analytics_of_nobody(as_admin: APIClient) -> None:
    assert as_admin.get(f"{LIST}analytics/").json()["marketing_email_rate"] == 0.0
