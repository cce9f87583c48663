"""What hangs off a customer in this app: what becomes of it in exports, merges and erasure (setting PERSONAL_DATA)."""

from typing import Any

from django.db.models import F

from customers.models import Customer
from customers.related import Excused, Given, Keeper, Merged


class OnePerValue(Keeper):
    """Rows of which a customer has one per value of `column`: in a merge the one of the customer who stays wins."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def __init__(self, relation: str, *, column: str, **options: Any) -> None:
        super().__init__(relation, **options)
        self.column = column

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Those that clash stay with `gone`, and go with its row."""
        known = list(self.rows(into).values_list(self.column, flat=True))
        return self.hand_over(self.rows(gone).exclude(**{f"{self.column}__in": known}), into)


class GroupMemberships(OnePerValue):
    """Exported as the groups' names, which is what an id stands for."""

    def data(self, customer: Customer) -> Any:
        """Name and date."""
        return list(self.rows(customer).order_by("pk").values("group__name", "added_at"))


class Addresses(Keeper):
    """A customer has one default address per type."""

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """The default addresses of `into` stay the default ones."""
        kept = list(self.rows(into).filter(is_default=True).values_list("address_type", flat=True))
        self.rows(gone).filter(address_type__in=kept).update(is_default=False)
        return self.hand_over(self.rows(gone), into)


class LoyaltyEntries(Keeper):
    """The ledger of points."""

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Their balances go on from the points that `into` has."""
        return self.hand_over(self.rows(gone), into, points_after=F("points_after") + into.loyalty_points)


class History(Keeper):
    """What happened to one row of a customer, and is not the history of another."""

    merged = Merged.DELETED

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Nothing moves."""
        return []


KEEPERS = (
    Addresses("addresses", file="customer", key="addresses", given=Given.ALWAYS),
    Keeper("orders", file="customer", key="orders", given=Given.ALWAYS),
    OnePerValue("wishlist", column="product_id", file="customer", key="wishlist", given=Given.ALWAYS),
    OnePerValue("reviews", column="product_id", file="customer", key="reviews", given=Given.ALWAYS),
    LoyaltyEntries("loyalty_entries", file="customer", key="loyalty", given=Given.ALWAYS),
    GroupMemberships("group_memberships", column="group", file="customer", key="groups", given=Given.ALWAYS),
    # The customer who stays keeps their owner, and so the assignments that led there.
    History("assignments", file="customer", key="assignments", given=Given.ALWAYS),
    # Numbered without gaps per customer: another customer's events have no place in between.
    History("events", file="events", given=Given.ONCE_PROVED),
    Excused(
        "phone_code", reason="A code is open for ten minutes, only its hash is kept, and another can be asked for."
    ),
)
