"""The customer, and what belongs to one in this app: history, addresses, groups, loyalty, purchases, merges."""

from customers.models.addresses import Address, AddressType
from customers.models.assignments import Assignment
from customers.models.choices import Gender, LoyaltyTier, Source
from customers.models.customers import (
    FIRST_ON_DESK,
    NO_MESSAGE_YET,
    Customer,
    CustomerMerged,
    CustomerNotFound,
    CustomerQuerySet,
    customer_number,
    customer_title,
    merged_ids,
    release_phone,
    survivor_id,
)
from customers.models.events import Event
from customers.models.groups import CustomerGroup, GroupMember
from customers.models.loyalty import MAX_POINTS, LoyaltyEntry
from customers.models.merges import Merge, MergeReason
from customers.models.phone_codes import CodeState, PhoneCode
from customers.models.purchases import Order, OrderStatus, Review, WishlistItem
from customers.models.rates import ExchangeRate

__all__ = [
    "FIRST_ON_DESK",
    "MAX_POINTS",
    "NO_MESSAGE_YET",
    "Address",
    "AddressType",
    "Assignment",
    "CodeState",
    "Customer",
    "CustomerGroup",
    "CustomerMerged",
    "CustomerNotFound",
    "CustomerQuerySet",
    "Event",
    "ExchangeRate",
    "Gender",
    "GroupMember",
    "LoyaltyEntry",
    "LoyaltyTier",
    "Merge",
    "MergeReason",
    "Order",
    "OrderStatus",
    "PhoneCode",
    "Review",
    "Source",
    "WishlistItem",
    "customer_number",
    "customer_title",
    "merged_ids",
    "release_phone",
    "survivor_id",
]
