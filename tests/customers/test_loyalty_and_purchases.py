"""Points, tiers and their ledger; orders, wishlist, reviews."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer, Event, LoyaltyEntry, Order, Review, WishlistItem

API = "/api/customers/customers"


def an_order(number: str = "A-1", **fields: Any) -> dict[str, Any]:
    return {"number": number, "status": "delivered", "total": "100.00", "placed_at": "2025-10-01T10:00:00Z", **fields}


def totals(customer: Customer) -> tuple[int, str, str | None]:
    customer.refresh_from_db()
    last = customer.last_order_date
    return customer.total_orders, str(customer.total_spent), last and f"{last:%Y-%m-%d}"


def test_points_come_and_go(as_admin: APIClient, as_customer: APIClient, customer: Customer, admin: User) -> None:
    path = f"{API}/{customer.pk}/add_loyalty_points/"
    assert as_admin.post(path, {"points": 500, "reason": "Welcome"}).json()["loyalty_points"] == 500
    assert as_admin.post(path, {"points": -200, "reason": "Spent"}).json()["loyalty_points"] == 300

    refused = as_admin.post(path, {"points": -301, "reason": "Too much"})

    assert (refused.status_code, list(refused.json())) == (400, ["points"])
    customer.refresh_from_db()
    assert customer.loyalty_points == 300
    ledger = as_customer.get(f"{API}/{customer.pk}/loyalty/").json()["results"]
    assert [(entry["points"], entry["points_after"], entry["reason"]) for entry in ledger] == [
        (-200, 300, "Spent"),
        (500, 500, "Welcome"),
    ]
    assert ledger[0]["actor"] == {"id": admin.pk, "name": "Ada"}
    assert Event.objects.filter(customer=customer).count() == 2


@pytest.mark.parametrize(
    "body",
    [
        {"points": 0, "reason": "x"},
        {"points": "many", "reason": "x"},
        {"points": 1.5, "reason": "x"},
        {"points": 10**12, "reason": "x"},
        {"points": 5},
        {"points": 5, "reason": ""},
        {"reason": "x"},
    ],
)
def test_points_need_a_number_and_a_reason(as_admin: APIClient, customer: Customer, body: dict[str, Any]) -> None:
    assert as_admin.post(f"{API}/{customer.pk}/add_loyalty_points/", body).status_code == 400
    assert not LoyaltyEntry.objects.exists()


@pytest.mark.parametrize(
    ("spent", "tier"),
    [
        ("0", "bronze"),
        ("999.99", "bronze"),
        ("1000", "silver"),
        ("4999.99", "silver"),
        ("5000", "gold"),
        ("9999.99", "gold"),
        ("10000", "platinum"),
    ],
)
def test_the_tier_follows_what_was_spent(as_admin: APIClient, customer: Customer, spent: str, tier: str) -> None:
    Customer.objects.filter(pk=customer.pk).update(total_spent=spent, loyalty_tier="silver")

    assert as_admin.post(f"{API}/{customer.pk}/update_loyalty_tier/").json()["loyalty_tier"] == tier


def test_a_given_tier_is_set_and_entered(as_admin: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/update_loyalty_tier/"
    shown = as_admin.post(path, {"loyalty_tier": "platinum", "reason": "A friend"}).json()
    assert shown["loyalty_tier"] == "platinum"
    assert shown["benefits"] == {
        "discount_percentage": "15.00",
        "priority_support": True,
        "free_shipping": True,
        "vip_access": True,
    }
    entry = LoyaltyEntry.objects.get()
    assert (entry.points, entry.tier_before, entry.tier_after, entry.reason) == (0, "bronze", "platinum", "A friend")
    assert as_admin.post(path, {"loyalty_tier": "diamond"}).status_code == 400
    assert LoyaltyEntry.objects.count() == 1


def test_a_tier_that_stays_is_entered_with_its_reason(as_admin: APIClient, customer: Customer, admin: User) -> None:
    path, events = f"{API}/{customer.pk}/update_loyalty_tier/", Event.objects.count()

    as_admin.post(path, {"loyalty_tier": "bronze", "reason": "Looked at it in May"})
    as_admin.post(path)

    given, earned = LoyaltyEntry.objects.order_by("pk")
    assert (given.tier_before, given.tier_after, given.reason, given.actor) == (
        "bronze",
        "bronze",
        "Looked at it in May",
        admin,
    )
    assert earned.reason == "Based on 0.00 spent."
    assert Event.objects.count() == events, "nothing of the customer changed"


def test_an_order_keeps_what_is_not_said_again(as_admin: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/orders/"
    assert as_admin.post(path, an_order("A-1")).json()["currency"] == "USD"
    as_admin.post(path, an_order("A-2", currency="EUR", exchange_rate="1.1", lines=[{"sku": "7"}]))

    again = as_admin.post(path, an_order("A-2", status="refunded"))

    assert (again.status_code, again.json()["status"]) == (200, "refunded")
    assert (again.json()["currency"], again.json()["lines"]) == ("EUR", [{"sku": "7"}])


def test_the_desk_writes_the_ledger_too(as_admin: APIClient, customer: Customer) -> None:
    assert as_admin.patch(f"/api/customers/{customer.pk}/", {"loyalty_tier": "gold"}).status_code == 200
    assert LoyaltyEntry.objects.get().tier_after == "gold"


def test_an_order_counts_once(as_admin: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/orders/"
    first = as_admin.post(path, an_order(currency="usd", lines=[{"sku": "7", "count": 2}]))
    assert first.status_code == 201
    assert (first.json()["currency"], first.json()["lines"]) == ("USD", [{"sku": "7", "count": 2}])
    assert totals(customer) == (1, "100.00", "2025-10-01")
    events = Event.objects.count()

    assert as_admin.post(path, an_order(currency="USD", lines=[{"sku": "7", "count": 2}])).status_code == 200
    assert (totals(customer), Event.objects.count()) == ((1, "100.00", "2025-10-01"), events)
    assert as_admin.post(path, an_order(total="150.50")).status_code == 200
    assert totals(customer) == (1, "150.50", "2025-10-01")
    as_admin.post(path, an_order("A-2", total="10", placed_at="2025-11-01T10:00:00Z"))
    assert totals(customer) == (2, "160.50", "2025-11-01")
    for state in ("cancelled", "refunded"):
        as_admin.post(path, an_order("A-2", total="10", placed_at="2025-11-01T10:00:00Z", status=state))
        assert totals(customer) == (1, "150.50", "2025-10-01")
    as_admin.post(path, an_order("A-2", total="10", placed_at="2025-11-01T10:00:00Z"))
    assert totals(customer) == (2, "160.50", "2025-11-01")
    as_admin.post(path, an_order("A-3", status="cancelled"))
    assert totals(customer) == (2, "160.50", "2025-11-01")


def test_totals_from_before_stay(as_admin: APIClient, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(total_orders=15, total_spent="2450.00")

    as_admin.post(f"{API}/{customer.pk}/orders/", an_order())

    assert totals(customer)[:2] == (16, "2550.00")


def test_orders_raise_the_tier_and_never_lower_it(as_admin: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/orders/"
    as_admin.post(path, an_order(total="6000"))
    customer.refresh_from_db()
    assert customer.loyalty_tier == "gold"
    as_admin.post(path, an_order(total="6000", status="refunded"))
    customer.refresh_from_db()
    assert (customer.loyalty_tier, str(customer.total_spent)) == ("gold", "0.00")
    assert [entry.tier_after for entry in LoyaltyEntry.objects.all()] == ["gold"]


@pytest.mark.parametrize(
    "change",
    [
        {"number": ""},
        {"status": "lost"},
        {"total": "-1"},
        {"total": "NaN"},
        {"total": "1e15"},
        {"total": "10.005"},
        {"total": "1e-1000000"},
        {"total": f"1.{'0' * 100}1"},
        {"currency": "ZZZ"},
        {"currency": "LKR"},
        {"total": None},
        {"placed_at": "soon"},
        {"currency": "DOLLAR"},
        {"exchange_rate": "0"},
        {"exchange_rate": "1.5"},
        {"lines": "none"},
        {"lines": [1]},
    ],
)
def test_bad_orders(as_admin: APIClient, customer: Customer, change: dict[str, Any]) -> None:
    answer = as_admin.post(f"{API}/{customer.pk}/orders/", an_order(**change))

    assert (answer.status_code, list(answer.json())) == (400, list(change))
    assert (totals(customer), Order.objects.count()) == ((0, "0.00", None), 0)


def test_a_number_belongs_to_one_customer(as_admin: APIClient, customer: Customer) -> None:
    other = Customer.objects.create(first_name="Other")
    as_admin.post(f"{API}/{other.pk}/orders/", an_order())

    answer = as_admin.post(f"{API}/{customer.pk}/orders/", an_order())

    assert (answer.status_code, list(answer.json())) == (400, ["number"])
    assert totals(customer) == (0, "0.00", None)


def test_orders_by_status(as_admin: APIClient, as_owner: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/orders/"
    for number, state in (("A-1", "pending"), ("A-2", "delivered"), ("A-3", "pending")):
        as_admin.post(path, an_order(number, status=state, placed_at=f"2025-10-0{number[-1]}T10:00:00Z"))

    def numbers(query: str) -> list[str]:
        return [order["number"] for order in as_owner.get(f"{path}{query}").json()["results"]]

    assert numbers("") == ["A-3", "A-2", "A-1"]
    assert numbers("?status=pending") == ["A-3", "A-1"]
    assert numbers("?status=refunded") == []
    assert list(as_owner.get(f"{path}?status=lost").json()) == ["status"]


def test_wishlist(as_customer: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/wishlist/"
    item = {"product_id": "p-1", "name": "A chair"}
    first = as_customer.post(path, item)
    assert first.status_code == 201
    assert as_customer.post(path, item).status_code == 200
    assert WishlistItem.objects.count() == 1
    assert as_customer.post(path, {"product_id": "p-2"}).status_code == 400
    foreign = WishlistItem.objects.create(customer=Customer.objects.create(), product_id="p", name="n")
    assert as_customer.delete(f"{path}{foreign.pk}/").status_code == 404
    assert as_customer.delete(f"{path}{first.json()['id']}/").status_code == 204
    assert as_customer.delete(f"{path}{first.json()['id']}/").status_code == 404
    assert WishlistItem.objects.get() == foreign


def test_reviews(as_customer: APIClient, customer: Customer) -> None:
    path = f"{API}/{customer.pk}/reviews/"
    for rating in (0, 6, "good", None):
        answer = as_customer.post(path, {"product_id": "p-1", "rating": rating})
        assert (answer.status_code, list(answer.json())) == (400, ["rating"])
    first = as_customer.post(path, {"product_id": "p-1", "rating": 4, "text": "Good"})
    assert first.status_code == 201
    again = as_customer.post(path, {"product_id": "p-1", "rating": 1})
    assert (again.status_code, list(again.json())) == (400, ["product_id"])
    one = f"{path}{first.json()['id']}/"
    changed = as_customer.put(one, {"rating": 2})
    assert (changed.status_code, changed.json()["rating"], changed.json()["text"]) == (200, 2, "Good")
    assert as_customer.put(one, {"rating": 9}).status_code == 400
    foreign = Review.objects.create(customer=Customer.objects.create(), product_id="p", rating=5)
    assert as_customer.put(f"{path}{foreign.pk}/", {"rating": 1}).status_code == 404
    assert as_customer.delete(f"{path}{foreign.pk}/").status_code == 404
    assert as_customer.delete(one).status_code == 204
    assert Review.objects.get() == foreign


def test_sales_read_and_do_not_write(as_owner: APIClient, customer: Customer) -> None:
    for path, body in (("orders", an_order()), ("wishlist", {"product_id": "p", "name": "n"})):
        assert as_owner.post(f"{API}/{customer.pk}/{path}/", body).status_code == 403
    assert as_owner.post(f"{API}/{customer.pk}/reviews/", {"product_id": "p", "rating": 5}).status_code == 403
    assert [model.objects.count() for model in (Order, WishlistItem, Review)] == [0, 0, 0]
