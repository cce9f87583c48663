"""The loyalty tiers: what each one takes, and its benefits."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, TypedDict

from core.shapes import Money
from customers.models import LoyaltyTier


class BenefitsRow(TypedDict):
    """The best of what the tier and the groups give."""

    discount_percentage: Money
    priority_support: bool
    free_shipping: bool
    vip_access: Annotated[bool, "comes with platinum"]


@dataclass(frozen=True)
class Benefits:
    """The benefits of a tier or group. Adding two takes the better of each."""

    discount_percentage: Decimal = Decimal(0)
    priority_support: bool = False
    free_shipping: bool = False
    vip_access: bool = False

    def __add__(self, other: "Benefits") -> "Benefits":
        return Benefits(
            max(self.discount_percentage, other.discount_percentage),
            self.priority_support or other.priority_support,
            self.free_shipping or other.free_shipping,
            self.vip_access or other.vip_access,
        )

    def as_json(self) -> BenefitsRow:
        """As profiles show them."""
        return {
            "discount_percentage": f"{self.discount_percentage:.2f}",
            "priority_support": self.priority_support,
            "free_shipping": self.free_shipping,
            "vip_access": self.vip_access,
        }


@dataclass(frozen=True)
class Tier:
    """A tier is earned by spending `from_spent` in total."""

    name: str
    from_spent: Decimal
    benefits: Benefits


# From lowest to highest.
TIERS = (
    Tier(LoyaltyTier.BRONZE.value, Decimal(0), Benefits()),
    Tier(LoyaltyTier.SILVER.value, Decimal(1_000), Benefits(Decimal(5))),
    Tier(LoyaltyTier.GOLD.value, Decimal(5_000), Benefits(Decimal(10), priority_support=True)),
    Tier(LoyaltyTier.PLATINUM.value, Decimal(10_000), Benefits(Decimal(15), True, True, vip_access=True)),
)
RANK = {tier.name: rank for rank, tier in enumerate(TIERS)}


def tier_for(total_spent: Decimal) -> str:
    """The tier earned by spending this much in total."""
    return [tier.name for tier in TIERS if tier.from_spent <= total_spent or tier is TIERS[0]][-1]


def recounted_tier(tier: str, given: str, total_spent: Decimal) -> str:
    """The tier of a customer whose totals were counted anew: one that was given stays, an earned one follows.

    Whoever was given a tier and has earned a higher one since does not fall below the given one.
    """
    if tier == given:
        return tier
    return max(given or TIERS[0].name, tier_for(total_spent), key=RANK.__getitem__)


def benefits_of_tier(name: str) -> Benefits:
    """The benefits of the tier with this name."""
    return TIERS[RANK[name]].benefits
