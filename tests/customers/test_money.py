"""Orders in several currencies: what they are worth, how they are shown, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import AuditEntry
from customers.models import Customer, ExchangeRate, Order

API = "/api/customers/customers"
# A currency, an amount in it as a shop sends it, and one with a decimal too many.
AMOUNTS = [
    ("AED", "149.50", "149.505"),
    ("ARS", "1250000.00", "1250000.001"),
    ("AUD", "89.95", "89.955"),
    ("BDT", "12500.50", "0.001"),
    ("BGN", "59.90", "59.905"),  # until 2025
    ("BHD", "12.345", "12.3455"),
    ("BRL", "1999.90", "1999.999"),
    ("BYR", "450000", "450000.5"),  # until 2016
    ("CAD", "45.10", "45.101"),
    ("CHF", "99.05", "99.055"),
    ("CLF", "12.3456", "12.34567"),
    ("CLP", "150000", "150000.5"),
    ("CNY", "8888.88", "8888.888"),
    ("COP", "4500000.50", "4500000.505"),
    ("CZK", "1299.90", "1299.905"),
    ("DKK", "349.95", "349.955"),
    ("EGP", "2500.75", "2500.755"),
    ("EUR", "1234.56", "1234.567"),
    ("GBP", "0.01", "0.001"),
    ("HRK", "749.99", "749.995"),  # until 2022
    ("HUF", "45990.50", "45990.505"),
    ("IDR", "150000000.00", "150000000.005"),
    ("ILS", "350.10", "350.101"),
    ("INR", "99999.99", "99999.999"),
    ("ISK", "15990", "15990.1"),
    ("JOD", "7.125", "7.1255"),
    ("JPY", "12800", "12800.5"),
    ("KES", "4500.25", "4500.255"),
    ("KRW", "1350000", "1350000.01"),
    ("KWD", "1.250", "1.2505"),
    ("LKR", "30000.00", "30000.001"),
    ("MXN", "899.00", "899.009"),
    ("MYR", "120.30", "120.301"),
    ("NGN", "75000.00", "75000.005"),
    ("OMR", "3.500", "3.5005"),
    ("PHP", "2499.75", "2499.755"),
    ("PLN", "199.99", "199.999"),
    ("SAR", "375.00", "375.005"),
    ("SEK", "1290.50", "1290.505"),
    ("THB", "3500.25", "3500.255"),
    ("TND", "45.700", "45.7005"),
    ("TRY", "12999.90", "12999.905"),
    ("UGX", "550000", "550000.5"),
    ("VND", "2500000", "2500000.5"),
    ("XOF", "65000", "65000.5"),
    ("ZAR", "1499.95", "1499.955"),
]


def an_order(number: str = "A-1", **fields: Any) -> dict[str, Any]:
    return {"number": number, "status": "delivered", "total": "100.00", "placed_at": "2025-10-01T10:00:00Z", **fields}


def rate(currency: str, worth: str, date: str) -> None:
    ExchangeRate.objects.create(currency=currency, rate=worth, date=date)


@pytest.mark.parametrize(("currency", "total", "too_fine"), AMOUNTS)
def test_amounts_have_the_decimals_of_their_currency(
    as_admin: APIClient, customer: Customer, currency: str, total: str, too_fine: str
) -> None:
    path = f"{API}/{customer.pk}/orders/"
    refused = as_admin.post(path, an_order(total=too_fine, currency=currency, exchange_rate="0.5"))
    assert (refused.status_code, list(refused.json())) == (400, ["total"])
    assert currency in refused.json()["total"][0]
    assert not Order.objects.exists()

    made = as_admin.post(path, an_order(total=total, currency=currency, exchange_rate="0.5"))

    assert made.status_code == 201
    shown = as_admin.get(path).json()["results"][0]
    assert (shown["total"], shown["currency"], shown["exchange_rate"]) == (total, currency, "0.5")
    worth = (Decimal(total) / 2).quantize(Decimal("0.01"))
    assert shown["base_total"] == str(worth)
    profile = as_admin.get(f"{API}/{customer.pk}/").json()
    assert (profile["total_spent"], profile["totals_by_currency"]) == (str(worth), {currency: total})


def test_totals_and_tiers_count_in_the_base_currency(as_admin: APIClient, customer: Customer) -> None:
    rate("LKR", "0.0033", "2025-01-01")
    path = f"{API}/{customer.pk}"
    as_admin.post(f"{path}/orders/", an_order())
    as_admin.post(f"{path}/orders/", an_order("A-2", total="30000", currency="lkr"))

    stats = as_admin.get(f"{path}/stats/").json()

    assert (stats["total_spent"], stats["average_order_value"], stats["loyalty_tier"]) == ("199.00", "99.50", "bronze")
    assert list(stats) == [
        "total_orders", "total_spent", "average_order_value", "last_order_date", "loyalty_points", "loyalty_tier",
    ]  # fmt: skip
    profile = as_admin.get(f"{path}/").json()
    assert profile["totals_by_currency"] == {"LKR": "30000.00", "USD": "100.00"}
    assert as_admin.get(f"{API}/?min_spent=199&max_spent=199").json()["count"] == 1
    assert as_admin.get(f"{API}/?min_spent=199.01").json()["count"] == 0
    entry = AuditEntry.objects.filter(verb="order_added").latest("pk")
    assert entry.changes["base_total"] == {"old": None, "new": "99.00"}


@pytest.mark.parametrize(
    ("placed_at", "worth"),
    [
        ("2025-01-01T00:00:00Z", "3.00"),  # before all: the oldest
        ("2025-03-01T00:00:00Z", "3.00"),
        ("2025-05-31T23:59:59Z", "3.00"),
        ("2025-06-01T00:00:00Z", "4.00"),
        ("2025-06-01T02:00:00+05:30", "3.00"),  # the day is one in UTC
        ("2025-12-01T00:00:00Z", "5.00"),
    ],
)
def test_the_newest_rate_that_is_not_after_the_order(
    as_admin: APIClient, customer: Customer, placed_at: str, worth: str
) -> None:
    for worth_then, date in (("0.03", "2025-02-01"), ("0.04", "2025-06-01"), ("0.05", "2025-09-01")):
        rate("LKR", worth_then, date)

    order = as_admin.post(f"{API}/{customer.pk}/orders/", an_order(currency="LKR", placed_at=placed_at)).json()

    assert order["base_total"] == worth


def test_an_order_without_a_rate_is_refused(as_admin: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/orders/"

    refused = as_admin.post(path, an_order(currency="LKR"))

    assert (refused.status_code, list(refused.json())) == (400, ["currency"])
    assert refused.json()["currency"][0].startswith("No exchange rate for LKR. ")
    customer.refresh_from_db()
    assert (Order.objects.count(), customer.total_orders) == (0, 0)
    as_admin.post(path, an_order())
    assert as_admin.post(path, an_order(currency="LKR")).status_code == 400
    assert Order.objects.get().currency == "USD"


def test_an_order_keeps_its_rate(as_admin: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/orders/"
    rate("LKR", "0.0033", "2025-01-01")
    shown = as_admin.post(path, an_order(currency="LKR", total="30000")).json()
    rate("LKR", "0.5", "2025-09-30")

    again = as_admin.post(path, shown | {"status": "shipped", "total": "60000"}).json()
    assert (again["exchange_rate"], again["base_total"]) == ("0.0033", "198.00")
    assert as_admin.post(path, an_order(currency="LKR", total="30000")).json()["base_total"] == "99.00"
    other = as_admin.post(path, an_order("A-2", currency="LKR", total="30000")).json()
    assert other["base_total"] == "15000.00"
    corrected = as_admin.post(path, an_order(currency="LKR", total="30000", exchange_rate="0.0030")).json()
    assert (corrected["exchange_rate"], corrected["base_total"]) == ("0.003", "90.00")
    customer.refresh_from_db()
    assert str(customer.total_spent) == "15090.00"
    assert as_admin.post(path, an_order(currency="USD", total="30000", exchange_rate="2")).status_code == 400


@pytest.mark.parametrize(
    ("total", "worth"), [("0.50", "0.00"), ("1.50", "0.02"), ("2.50", "0.02"), ("3.50", "0.04"), ("2.51", "0.03")]
)
def test_half_a_cent_goes_to_the_even_one(as_admin: APIClient, customer: Customer, total: str, worth: str) -> None:
    body = an_order(total=total, currency="INR", exchange_rate="0.01")

    assert as_admin.post(f"{API}/{customer.pk}/orders/", body).json()["base_total"] == worth


def test_zero_has_no_sign(as_admin: APIClient, customer: Customer) -> None:
    made = as_admin.post(f"{API}/{customer.pk}/orders/", an_order(total="-0")).json()

    assert (made["total"], made["base_total"]) == ("0.00", "0.00")
    assert as_admin.get(f"{API}/?max_spent=-0").json()["count"] == 1


@pytest.mark.parametrize("field", ["total", "exchange_rate"])
@pytest.mark.parametrize("number", ["1_000", "1,000", "1.000,5", "NaN", "Infinity", "-1", "", "$5", True, []])
def test_what_is_no_number(as_admin: APIClient, customer: Customer, field: str, number: Any) -> None:
    body = an_order(currency="LKR", exchange_rate="1")

    answer = as_admin.post(f"{API}/{customer.pk}/orders/", {**body, field: number})

    wrong = "currency" if (field, number) == ("exchange_rate", "") else field  # an empty rate is none
    assert (answer.status_code, list(answer.json())) == (400, [wrong])
    assert not Order.objects.exists()


def test_large_amounts_keep_every_digit(as_admin: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}"
    for number in range(3):
        made = as_admin.post(f"{path}/orders/", an_order(f"A-{number}", total="999999999999999.99"))
        assert made.json()["total"] == "999999999999999.99"
    profile = as_admin.get(f"{path}/").json()
    assert profile["total_spent"] == "2999999999999999.97"
    assert profile["totals_by_currency"] == {"USD": "2999999999999999.97"}
    assert as_admin.get(f"{API}/?min_spent=2999999999999999.98").json()["count"] == 0
    tiers = as_admin.get(f"{API}/analytics/").json()["average_order_value_by_tier"]
    assert tiers["platinum"] == "999999999999999.99"

    refused = as_admin.post(f"{path}/orders/", an_order("B", total="1000000000000000"))
    assert (refused.status_code, list(refused.json())) == (400, ["total"])
    body = an_order("B", total="999999999999999", currency="KWD", exchange_rate="1001")
    assert list(as_admin.post(f"{path}/orders/", body).json()) == ["total"]
    assert Order.objects.count() == 3


def test_customers_are_ordered_by_what_they_spent(as_admin: APIClient) -> None:
    for number, spent in enumerate(("9.50", "10.00", "1000000000", "99.99", "0")):
        Customer.objects.create(first_name=str(number), total_spent=spent)

    found = as_admin.get(f"{API}/?ordering=-total_spent").json()["results"]

    assert [one["first_name"] for one in found] == ["2", "3", "1", "0", "4"]


@pytest.mark.parametrize("currency", ["ZZZ", "XXX", "US", "US1", "EURO", "", "XAU", "DEM"])
def test_what_is_no_currency(as_admin: APIClient, customer: Customer, currency: str) -> None:
    body = an_order(currency=currency, exchange_rate="1")
    assert list(as_admin.post(f"{API}/{customer.pk}/orders/", body).json()) == ["currency"]
    answer = as_admin.patch(f"{API}/{customer.pk}/", {"preferred_currency": currency})
    assert (answer.status_code, list(answer.json())) == (400, ["preferred_currency"])
    customer.refresh_from_db()
    assert (customer.preferred_currency, Order.objects.count()) == ("USD", 0)


def test_a_currency_from_before_is_sent_back(as_admin: APIClient, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(preferred_currency="ZZZ")

    assert as_admin.patch(f"{API}/{customer.pk}/", {"preferred_currency": "ZZZ"}).status_code == 200


def test_another_base_currency(as_admin: APIClient, customer: Customer, settings: Any) -> None:
    settings.BASE_CURRENCY = "JPY"
    path = f"{API}/{customer.pk}"
    order = as_admin.post(f"{path}/orders/", an_order(currency="USD", exchange_rate="150.255")).json()
    assert order["base_total"] == "15026"
    assert as_admin.post(f"{path}/orders/", an_order("A-2", total="500")).json()["currency"] == "JPY"
    assert as_admin.get(f"{path}/stats/").json()["total_spent"] == "15526"
