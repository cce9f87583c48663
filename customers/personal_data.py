"""What this app keeps about a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from django.db.models import F

from customers.models import Customer
from customers.related import Excused, Given, Keeper, Merged


class OnePerValue(Keeper):
    """Rows of which a customer has one per value of `column`. In a merge, the customer who stays keeps theirs."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def __init__(self, relation: str, *, column: str, **options: Any) -> None:
        super().__init__(relation, **options)
        self.column = column

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Rows that clash do not move, and are deleted with the row of `gone`."""
        known = list(self.rows(into).values_list(self.column, flat=True))
        return self.hand_over(self.rows(gone).exclude(**{f"{self.column}__in": known}), into)


class GroupMemberships(OnePerValue):
    """Exported with the groups' names: their ids mean nothing outside of Patter."""

    def data(self, customer: Customer) -> Any:
        """Names and dates."""
        return list(self.rows(customer).order_by("pk").values("group__name", "added_at"))


class Addresses(Keeper):
    """Addresses, of which one per type is the default."""

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """The default addresses of `into` stay the defaults."""
        kept = list(self.rows(into).filter(is_default=True).values_list("address_type", flat=True))
        self.rows(gone).filter(address_type__in=kept).update(is_default=False)
        return self.hand_over(self.rows(gone), into)


class LoyaltyEntries(Keeper):
    """The ledger of points."""

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Balances continue from the points that `into` has."""
        return self.hand_over(self.rows(gone), into, points_after=F("points_after") + into.loyalty_points)


class History(Keeper):
    """What happened to a customer, which does not become part of another customer's history."""

    merged = Merged.DELETED

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Nothing moves."""
        return []


# What customers get of a row when they export themselves: what they entered or did, and nothing of what staff noted.
_ADDRESS = (
    "address_type",
    "first_name",
    "last_name",
    "phone",
    "address_line1",
    "address_line2",
    "city",
    "state",
    "postal_code",
    "country",
    "is_default",
    "created_at",
    "updated_at",
)
_ORDER = ("number", "status", "total", "currency", "placed_at", "lines")
_WISH = ("product_id", "name", "added_at")
_REVIEW = ("product_id", "rating", "text", "created_at", "updated_at")
_POINTS = ("points", "points_after", "tier_before", "tier_after", "created_at")

KEEPERS = (
    Addresses("addresses", file="customer", key="addresses", given=Given.ALWAYS, theirs=_ADDRESS),
    Keeper("orders", file="customer", key="orders", given=Given.ALWAYS, theirs=_ORDER),
    OnePerValue("wishlist", column="product_id", file="customer", key="wishlist", given=Given.ALWAYS, theirs=_WISH),
    OnePerValue("reviews", column="product_id", file="customer", key="reviews", given=Given.ALWAYS, theirs=_REVIEW),
    LoyaltyEntries("loyalty_entries", file="customer", key="loyalty", given=Given.ALWAYS, theirs=_POINTS),
    GroupMemberships("group_memberships", column="group", file="customer", key="groups"),
    # The customer who stays keeps their owner, and with that their own assignments.
    History("assignments", file="customer", key="assignments"),
    # Each customer's events are numbered without gaps: those of another one cannot be inserted.
    History("events", file="events"),
    Excused("merged_rows", reason="Rows of the same person, kept so that a merge can be undone."),
    Excused(
        "phone_code", reason="A code is open for ten minutes, only its hash is kept, and another can be asked for."
    ),
)
