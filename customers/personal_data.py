"""What this app keeps about a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from django.db.models import F, QuerySet

from customers.actions.addresses import keep_one_default
from customers.keepers import Excused, Given, Keeper, Merged, Moved
from customers.models import Address, Customer, Merge, Order


class OnePerValue(Keeper):
    """Rows of which a customer has one per value of `column`. In a merge, those that clash do not move."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def __init__(self, relation: str, *, column: str, **options: Any) -> None:
        super().__init__(relation, **options)
        self.column = column

    def movable(self, *, into: Customer, gone: Customer) -> "QuerySet[Any]":
        """Rows with values that `into` does not have."""
        return self.rows(gone).exclude(**{f"{self.column}__in": self.rows(into).values(self.column)})


class GroupMemberships(OnePerValue):
    """Exported with the groups' names: their ids mean nothing outside of Patter."""

    def data(self, customer: Customer) -> Any:
        """Names and dates."""
        return list(self.rows(customer).order_by("pk").values("group__name", "added_at"))


class Addresses(Keeper):
    """Addresses, of which one per type is the default."""

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """The default addresses of `into` stay the defaults."""
        kept = dict(self.rows(into).filter(is_default=True).values_list("address_type", "pk"))
        given_up = dict(self.rows(gone).filter(is_default=True).values_list("address_type", "pk"))
        self.rows(gone).filter(address_type__in=kept).update(is_default=False)
        return {**super().merge(into=into, gone=gone), "defaults": {"into": kept, "gone": given_up}}

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """Each has the default addresses they had before, if these still are there."""
        moved = merge.moved_of(self.relation)
        self.rows(into).filter(pk__in=moved["ids"]).update(is_default=False)
        super().undo(into=into, gone=gone, merge=merge)
        defaults = moved.get("defaults", {"into": {}, "gone": {}})
        for customer, former in ((into, defaults["into"]), (gone, defaults["gone"])):
            for address_type in customer.addresses.values_list("address_type", flat=True).distinct():
                self._restore_default(customer, address_type, former.get(address_type))

    @staticmethod
    def _restore_default(customer: Customer, address_type: str, pk: int | None) -> None:
        addresses = customer.addresses.filter(address_type=address_type)
        former: Address | None = addresses.filter(pk=pk).first()
        # A default that was chosen since the merge stays.
        chosen = None if addresses.filter(is_default=True).exists() else former
        keep_one_default(customer, address_type, chosen=chosen)


class Orders(Keeper):
    """Orders. What they were worth tells later how much of a total belongs to whom."""

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """The customers' totals are the merge's own business."""
        return {**Order.objects.filter(customer=gone).worth(), **super().merge(into=into, gone=gone)}


class LoyaltyEntries(Keeper):
    """The ledger of points."""

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """Balances continue from the points that `into` has."""
        base = into.loyalty_points
        ids = self.hand_over(self.movable(into=into, gone=gone), into, gone, points_after=F("points_after") + base)
        return {"ids": ids, "base": base}

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """Balances are as they were."""
        moved = merge.moved_of(self.relation)
        self.hand_back(moved["ids"], into, gone, points_after=F("points_after") - moved.get("base", 0))


class History(Keeper):
    """What happened to a customer, which does not become part of another customer's history."""

    merged = Merged.STAYED

    def movable(self, *, into: Customer, gone: Customer) -> "QuerySet[Any]":
        """Nothing moves."""
        return self.rows(gone).none()


# What customers get of a row when they export themselves: what they entered or did, and nothing of what staff noted.
_ADDRESS = (
    "address_type",
    "first_name",
    "last_name",
    "company",
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
_ORDER = ("number", "status", "total", "currency", "exchange_rate", "base_total", "placed_at", "lines")
_WISH = ("product_id", "name", "added_at")
_REVIEW = ("product_id", "rating", "text", "created_at", "updated_at")
_POINTS = ("points", "points_after", "tier_before", "tier_after", "created_at")

KEEPERS = (
    Addresses("addresses", file="customer", key="addresses", given=Given.ALWAYS, theirs=_ADDRESS),
    Orders("orders", file="customer", key="orders", given=Given.ALWAYS, theirs=_ORDER),
    OnePerValue("wishlist", column="product_id", file="customer", key="wishlist", given=Given.ALWAYS, theirs=_WISH),
    OnePerValue("reviews", column="product_id", file="customer", key="reviews", given=Given.ALWAYS, theirs=_REVIEW),
    LoyaltyEntries("loyalty_entries", file="customer", key="loyalty", given=Given.ALWAYS, theirs=_POINTS),
    GroupMemberships("group_memberships", column="group", file="customer", key="groups"),
    # The customer who stays keeps their owner, and with that their own assignments.
    History("assignments", file="customer", key="assignments"),
    # Each customer's events are numbered without gaps: those of another one cannot be inserted.
    History("events", file="events"),
    Excused("merged_rows", reason="Rows of the same person, kept so that a merge can be undone."),
    Excused("merges_of_others", reason="What it takes to undo a merge; what was moved is exported where it is now."),
    Excused("merges_into_others", reason="What it takes to undo a merge; what was moved is exported where it is now."),
    Excused("phone_code", reason="A code is open for ten minutes, only its hash stays, and another can be asked for."),
)
