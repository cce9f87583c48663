"""Exchange rates that are imported, and totals that are counted anew."""

from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from customers.actions.merge import merge_customers
from customers.actions.purchases import record_order
from customers.actions.unmerge import undo_merge
from customers.models import Customer, ExchangeRate, LoyaltyEntry, Order
from tests.customers.test_money import API, an_order

RATES = "currency,rate,date\nLKR,0.0033,2025-01-01\nlkr,0.0034,2025-06-01\nJPY,0.0067,2025-01-01\nUSD,1,2025-01-01\n"


def told(command: str, *args: str) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()


def written(folder: Path, text: str) -> str:
    file = folder / "rates.csv"
    file.write_text(text, encoding="utf-8")
    return str(file)


def known() -> list[tuple[str, str, str]]:
    rows = ExchangeRate.objects.order_by("currency", "date")
    return [(one.currency, str(one.rate), str(one.date)) for one in rows]


def unpriced(customer: Customer, total: str, currency: str = "LKR") -> Order:
    """An order from before rates were known, which counts one to one."""
    order = Order.objects.create(
        customer=customer, number=f"old-{total}", status="delivered", total=total, currency=currency,
        placed_at="2025-10-01T10:00:00Z",
    )  # fmt: skip
    customer.refresh_from_db()
    spent = customer.total_spent + order.base_total
    Customer.objects.filter(pk=customer.pk).update(total_spent=spent, total_orders=customer.total_orders + 1)
    return order


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        RATES,
        "\ufeff" + RATES.replace(",", ";"),
        "\ufeff" + RATES.replace(",", ";").replace(".", ","),  # as Excel saves it where numbers have a comma
        RATES.replace(",", "\t") + "\n\n",
    ],
)
def test_rates_are_imported(tmp_path: Path, text: str) -> None:
    assert told("import_rates", written(tmp_path, text)) == "3 rates imported.\n"
    assert known() == [
        ("JPY", "0.0067", "2025-01-01"), ("LKR", "0.0033", "2025-01-01"), ("LKR", "0.0034", "2025-06-01"),
    ]  # fmt: skip
    told("import_rates", written(tmp_path, "date,currency,rate\n2025-01-01,LKR,0.0030\n"))
    assert known()[1] == ("LKR", "0.003", "2025-01-01")
    assert AuditEntry.objects.filter(verb="rates_imported").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("ZZZ,1.5,2025-01-01", "ZZZ"),
        ("USD,1.1,2025-01-01", "base currency"),
        ("EUR,0,2025-01-01", "above 0"),
        ("EUR,-1,2025-01-01", "above 0"),
        ("EUR,NaN,2025-01-01", "above 0"),
        ("EUR,1;1,2025-01-01", "no rate"),
        ("EUR,1_1,2025-01-01", "no rate"),
        ("EUR,1.1,01/02/2025", "no date"),
        ("EUR,1.1", "no date"),
        ("EUR,1e13,2025-01-01", "digits"),
        ("LKR,0.5,2025-06-01", "two rates"),
    ],
)
def test_a_file_with_a_mistake_changes_nothing(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(CommandError, match=f"Line 6: .*{said}"):
        told("import_rates", written(tmp_path, f"{RATES}{row}\n"))
    assert not ExchangeRate.objects.exists()


@pytest.mark.django_db
def test_what_is_no_file_with_rates(tmp_path: Path) -> None:
    for text in ("", "currency,rate\nLKR,1\n", "currency,rate,date\n"):
        with pytest.raises(CommandError):
            told("import_rates", written(tmp_path, text))
    with pytest.raises(CommandError, match="Cannot read"):
        told("import_rates", str(tmp_path / "none.csv"))


def test_rates_in_django_admin(admin: User) -> None:
    client, path = Client(), "/admin/customers/exchangerate/"
    client.force_login(admin)
    assert "Import a CSV file" in client.get(path).content.decode()

    def imported(text: str) -> str:
        file = SimpleUploadedFile("rates.csv", text.encode())
        return client.post(f"{path}import/", {"file": file}, follow=True).content.decode()

    assert "Line 6" in imported(RATES + "ZZZ,1,2025-01-01\n")
    assert not ExchangeRate.objects.exists()
    assert "3 rates imported." in imported(RATES)
    for currency, said in (("USD", "base currency"), ("LKR", "already"), ("ZZZ", "ISO 4217")):
        shown = client.post(f"{path}add/", {"currency": currency, "rate": "2", "date": "2025-01-01"})
        assert said in shown.content.decode()
    assert client.post(f"{path}add/", {"currency": "eur", "rate": "1.1", "date": "2025-01-01"}).status_code == 302
    assert known()[0] == ("EUR", "1.10", "2025-01-01")
    assert AuditEntry.objects.filter(verb="rate_added", actor=admin).exists()


def test_only_admins_import_rates(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    assert client.get("/admin/customers/exchangerate/import/").status_code == 302


def test_orders_from_before_get_their_rate(as_admin: APIClient, customer: Customer, tmp_path: Path) -> None:
    unpriced(customer, "100", "USD")
    unpriced(customer, "30000")
    Customer.objects.filter(pk=customer.pk).update(loyalty_tier="platinum")
    shown = as_admin.get(f"{API}/{customer.pk}/orders/").json()["results"]
    assert [(one["base_total"], one["exchange_rate"]) for one in shown] == [("30000.00", None), ("100.00", "1")]

    assert "1 orders in another currency have no exchange rate" in told("recount_totals")
    told("import_rates", written(tmp_path, RATES))
    assert "1 of 1 customers changed." in told("recount_totals")

    customer.refresh_from_db()
    assert (str(customer.total_spent), customer.total_orders, customer.loyalty_tier) == ("202.00", 2, "bronze")
    entry = LoyaltyEntry.objects.latest("pk")
    assert (entry.tier_before, entry.tier_after, entry.reason) == ("platinum", "bronze", "Counted anew: 202.00 spent.")
    trail = AuditEntry.objects.filter(verb="totals_recounted", customer_id=customer.pk).latest("pk")
    assert trail.changes["total_spent"] == {"old": "30100.00", "new": "202.00"}
    events = customer.last_seq
    assert "0 of 1 customers changed." in told("recount_totals")
    customer.refresh_from_db()
    assert customer.last_seq == events


def test_an_order_from_before_can_be_refunded(as_admin: APIClient, customer: Customer) -> None:
    order = unpriced(customer, "30000")
    body = an_order(order.number, currency="LKR", total="30000", status="refunded")

    assert as_admin.post(f"{API}/{customer.pk}/orders/", body).status_code == 200

    customer.refresh_from_db()
    assert (customer.total_orders, str(customer.total_spent)) == (0, "0.00")


def test_a_given_tier_stays_and_an_earned_one_follows(as_admin: APIClient, customer: Customer, admin: User) -> None:
    path = f"{API}/{customer.pk}"
    as_admin.post(f"{path}/update_loyalty_tier/", {"loyalty_tier": "gold", "reason": "A friend"})
    told("recount_totals")
    customer.refresh_from_db()
    assert customer.loyalty_tier == "gold"
    as_admin.post(f"{path}/orders/", an_order(total="20000"))
    customer.refresh_from_db()
    assert customer.loyalty_tier == "platinum"
    as_admin.post(f"{path}/orders/", an_order(total="20000", status="refunded"))
    for _ in range(2):
        told("recount_totals")
        customer.refresh_from_db()
        assert customer.loyalty_tier == "gold", "what was given is the least"
    as_admin.post(f"{path}/update_loyalty_tier/")
    as_admin.post(f"{path}/orders/", an_order(total="20000"))
    as_admin.post(f"{path}/orders/", an_order(total="20000", status="cancelled"))
    told("recount_totals")
    customer.refresh_from_db()
    assert customer.loyalty_tier == "bronze"


def test_totals_from_before_are_kept(customer: Customer, admin: User) -> None:
    Customer.objects.filter(pk=customer.pk).update(
        total_orders=15, total_spent="2450", carried_orders=14, carried_spent="2400", loyalty_tier="silver"
    )
    order: dict[str, Any] = {"status": "delivered", "total": Decimal(50), "placed_at": "2025-10-01T10:00:00Z"}
    Order.objects.create(customer=customer, number="A-1", **order)
    told("recount_totals")
    customer.refresh_from_db()
    assert (customer.total_orders, str(customer.total_spent), customer.loyalty_tier) == (15, "2450.00", "silver")

    other = Customer.objects.create(first_name="Other")
    merge = merge_customers(gone_id=customer.pk, into_id=other.pk, actor=admin)
    told("recount_totals")
    other.refresh_from_db()
    assert (other.total_orders, str(other.total_spent)) == (15, "2450.00")
    undo_merge(merge_id=merge.pk, actor=admin)
    told("recount_totals")
    for one in (customer, other):
        one.refresh_from_db()
    assert [(one.total_orders, str(one.total_spent)) for one in (customer, other)] == [(15, "2450.00"), (0, "0.00")]


def test_a_recount_between_merging_and_undoing(customer: Customer, admin: User, tmp_path: Path) -> None:
    unpriced(customer, "30000")
    other = Customer.objects.create(first_name="Other")
    record_order(
        customer_id=other.pk, actor=admin, number="B", status="delivered", total=Decimal(7),
        placed_at=Order.objects.get().placed_at,
    )  # fmt: skip
    merge = merge_customers(gone_id=customer.pk, into_id=other.pk, actor=admin)
    told("import_rates", written(tmp_path, RATES))
    told("recount_totals")

    undo_merge(merge_id=merge.pk, actor=admin)

    for one in (customer, other):
        one.refresh_from_db()
    assert [str(one.total_spent) for one in (customer, other)] == ["102.00", "7.00"]
    assert "0 of 2 customers changed." in told("recount_totals")
