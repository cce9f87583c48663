"""What loyalty takes and gives: the tiers, in one place."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from customers.models import LoyaltyTier
from customers.money import money


@dataclass(frozen=True)
class Benefits:
    """What a customer gets; `+` takes the better of each."""

    discount_percentage: Decimal = Decimal(0)
    priority_support: bool = False
    free_shipping: bool = False

    def __add__(self, other: "Benefits") -> "Benefits":
        return Benefits(
            max(self.discount_percentage, other.discount_percentage),
            self.priority_support or other.priority_support,
            self.free_shipping or other.free_shipping,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "discount_percentage": money(self.discount_percentage),
            "priority_support": self.priority_support,
            "free_shipping": self.free_shipping,
        }


@dataclass(frozen=True)
class Tier:
    name: str
    from_spent: Decimal
    benefits: Benefits


# From the lowest to the highest. VIP access of platinum comes with the priority of gold.
TIERS = (
    Tier(LoyaltyTier.BRONZE.value, Decimal(0), Benefits()),
    Tier(LoyaltyTier.SILVER.value, Decimal(1_000), Benefits(Decimal(5))),
    Tier(LoyaltyTier.GOLD.value, Decimal(5_000), Benefits(Decimal(10), priority_support=True)),
    Tier(LoyaltyTier.PLATINUM.value, Decimal(10_000), Benefits(Decimal(15), priority_support=True, free_shipping=True)),
)
RANK = {tier.name: rank for rank, tier in enumerate(TIERS)}


def tier_for(total_spent: Decimal) -> str:
    """The tier that somebody who spent so much has earned."""
    return [tier.name for tier in TIERS if tier.from_spent <= total_spent or tier is TIERS[0]][-1]


def benefits_of_tier(name: str) -> Benefits:
    return TIERS[RANK[name]].benefits
