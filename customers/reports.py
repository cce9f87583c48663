"""Figures and tables about many customers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from django.db.models import Count, Q, QuerySet, Sum

from core.db.amounts import AmountSum
from core.db.chunks import in_chunks
from core.db.reports import may_be_old
from core.shapes import Money
from customers.group_members import Members
from customers.models import Customer, LoyaltyTier
from customers.money import average, money
from customers.serializers.profiles import profile_data

_CHUNK = 1_000
_COLUMNS = (
    "id",
    "customer_id",
    "username",
    "email",
    "first_name",
    "last_name",
    "phone",
    "phone_verified",
    "nic",
    "gender",
    "date_of_birth",
    "preferred_language",
    "preferred_currency",
    "accepts_marketing_email",
    "accepts_marketing_sms",
    "is_active",
    "is_verified",
    "is_vip",
    "loyalty_tier",
    "loyalty_points",
    "total_orders",
    "total_spent",
    "last_order_date",
    "source",
    "owner",
    "notes",
    "date_joined",
    "updated_at",
)


class Analytics(TypedDict):
    """Key figures about all customers."""

    total_customers: int
    active: int
    inactive: int
    verified: int
    vip: int
    by_tier: Annotated[dict[str, int], "how many customers each tier has"]
    average_order_value_by_tier: dict[str, Money]
    marketing_email_rate: Annotated[float, "share of all customers, from 0 to 1"]
    marketing_sms_rate: Annotated[float, "share of all customers, from 0 to 1"]


class GroupStatistics(TypedDict):
    """What the members of a group are and have bought."""

    member_count: int
    manual_members: Annotated[int, "added by hand"]
    active_members: int
    by_tier: Annotated[dict[str, int], "how many of them each tier has"]
    total_orders: int
    total_spent: Money
    average_order_value: Money


# What is counted of the customers of a tier, besides all of them.
_KINDS = {
    "active": Q(is_active=True),
    "verified": Q(is_verified=True),
    "vip": Q(is_vip=True),
    "email": Q(accepts_marketing_email=True),
    "sms": Q(accepts_marketing_sms=True),
}


def analytics(customers: "QuerySet[Customer]") -> Analytics:
    """The key figures of these customers, in one query. They may be a moment old."""
    tiers = by_tier(may_be_old(customers))
    totals = {name: sum(row[name] for row in tiers.values()) for name in ("customers", *_KINDS)}
    total = totals["customers"]
    return {
        "total_customers": total,
        "active": totals["active"],
        "inactive": total - totals["active"],
        "verified": totals["verified"],
        "vip": totals["vip"],
        "by_tier": {tier: row["customers"] for tier, row in tiers.items()},
        "average_order_value_by_tier": {tier: average(row["spent"], row["orders"]) for tier, row in tiers.items()},
        "marketing_email_rate": _rate(totals["email"], total),
        "marketing_sms_rate": _rate(totals["sms"], total),
    }


def by_tier(customers: "QuerySet[Customer]") -> dict[str, dict[str, Any]]:
    """`{customers, orders, spent}` for each tier and how many of them are of each of _KINDS, in one query."""
    # All of it is in the index customer_by_tier.
    figures = {"customers": Count("pk"), "orders": Sum("total_orders"), "spent": AmountSum("total_spent")}
    kinds = {name: Count("pk", filter=condition) for name, condition in _KINDS.items()}
    rows: dict[str, dict[str, Any]] = {tier: dict.fromkeys([*figures, *kinds], 0) for tier in LoyaltyTier.values}
    found: Any = customers.order_by().values("loyalty_tier").annotate(**figures, **kinds)
    for row in found:
        rows[row.pop("loyalty_tier")] = row
    return rows


def group_statistics(members: Members, manual: int) -> GroupStatistics:
    """The figures of a group's members, in a query for each part of them."""
    rows = [(tier, row) for part in members for tier, row in by_tier(part).items()]
    count, active, orders = (sum(row[name] for _, row in rows) for name in ("customers", "active", "orders"))
    # SQLite adds nothing up to a whole number.
    spent = sum((Decimal(row["spent"]) for _, row in rows), Decimal(0))
    return {
        "member_count": count,
        "manual_members": manual,
        "active_members": active,
        "by_tier": {tier: sum(row["customers"] for of, row in rows if of == tier) for tier in LoyaltyTier.values},
        "total_orders": orders,
        "total_spent": money(spent),
        "average_order_value": average(spent, orders),
    }


def _rate(part: int, total: int) -> float:
    return round(part / total, 4) if total else 0.0


def csv_rows(customers: "QuerySet[Customer]") -> Iterator[list[Any]]:
    """The customers as rows of a table, one by one, below the names of the columns. They may be a moment old."""
    yield list(_COLUMNS)
    for customer in in_chunks(may_be_old(customers), _CHUNK):
        row: dict[str, Any] = {**profile_data(customer, [], links=None, for_staff=True)}
        row["owner"] = row["owner"] and row["owner"]["name"]
        yield [row[column] for column in _COLUMNS]
