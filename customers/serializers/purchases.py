"""Loyalty, orders, wishlist and reviews as JSON, and the fields of them that can be set."""

from decimal import Decimal
from typing import Annotated, Any, TypedDict

from rest_framework import serializers

from accounts.serializers import user_ref
from core.db.amounts import tidy
from core.fields import NameField
from core.shapes import Money, Ref, Time
from core.timestamps import iso
from customers.models import MAX_POINTS, LoyaltyEntry, LoyaltyTier, Order, OrderStatus, Review, WishlistItem
from customers.money import (
    AMOUNT_DIGITS,
    RATE_DECIMALS,
    RATE_DIGITS,
    finer_than,
    fits,
    money,
    rate_text,
    shown,
)
from customers.serializers.customers import CurrencyField

MAX_LINES = 500


class LoyaltyEntryRow(TypedDict):
    """A change of a customer's points or tier."""

    id: int
    points: Annotated[int, "points added, negative for points taken away, 0 when only the tier changed"]
    points_after: int
    tier_before: Annotated[str, LoyaltyTier]
    tier_after: Annotated[str, LoyaltyTier]
    reason: str
    actor: Annotated[Ref | None, "null: Patter itself made the change"]
    created_at: Time


class LoyaltyEntrySerializer(serializers.BaseSerializer[LoyaltyEntry]):
    """Shows entries of the ledger."""

    def to_representation(self, entry: LoyaltyEntry) -> LoyaltyEntryRow:
        return {
            "id": entry.pk,
            "points": entry.points,
            "points_after": entry.points_after,
            "tier_before": entry.tier_before,
            "tier_after": entry.tier_after,
            "reason": entry.reason,
            "actor": user_ref(entry.actor),
            "created_at": iso(entry.created_at),
        }


class AddPointsSerializer(serializers.Serializer[Any]):
    """Points to add or to take away."""

    points = serializers.IntegerField(
        min_value=-MAX_POINTS, max_value=MAX_POINTS, help_text="negative to take points away"
    )
    reason = serializers.CharField(max_length=500)

    class Meta:
        ref_name = "AddPoints"

    def validate_points(self, value: int) -> int:
        if value == 0:
            raise serializers.ValidationError("Add or take away at least one point.")
        return value


class SetTierSerializer(serializers.Serializer[Any]):
    """The tier to set."""

    loyalty_tier = serializers.ChoiceField(
        required=False,
        allow_null=True,
        choices=LoyaltyTier.choices,
        help_text="left out or null: the tier that total_spent has earned",
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")

    class Meta:
        ref_name = "SetTier"
        optional = True


class AmountField(serializers.DecimalField):
    """A number above or equal to 0, with at most `digits` before the decimal point, and at most `places` behind it."""

    def __init__(self, *, digits: int, places: int, **kwargs: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, min_value=0, **kwargs)
        self.digits, self.places = digits, places

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str) and "_" in data:  # Python reads 1_000 as a thousand
            self.fail("invalid")
        return super().to_internal_value(data)

    def validate_precision(self, value: Decimal) -> Decimal:
        """The number, without zeros at the end that mean nothing, and without a sign before zero."""
        if not fits(value, self.digits):
            raise serializers.ValidationError(f"Give at most {self.digits} digits before the decimal point.")
        if finer_than(value, self.places):
            raise serializers.ValidationError(f"Give at most {self.places} decimals.")
        return tidy(value.copy_abs() if value.is_zero() else value)


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order, as the shop's order system sends it. Sending the same number again changes the order."""

    number = NameField(max_length=64)
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    total = AmountField(
        digits=AMOUNT_DIGITS, places=RATE_DECIMALS, help_text="with at most as many decimals as the currency has"
    )
    currency = CurrencyField(required=False, help_text="ISO 4217, like LKR. Left out: BASE_CURRENCY")
    exchange_rate = AmountField(
        digits=RATE_DIGITS,
        places=RATE_DECIMALS,
        required=False,
        allow_null=True,
        help_text="what one unit of the currency is worth in BASE_CURRENCY. Left out: the rate that is known for the "
        "day the order was placed. null in answers: none was known, it counts one to one",
    )
    lines = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        max_length=MAX_LINES,
        help_text="what was ordered, as the shop sends it",
    )
    base_total = serializers.SerializerMethodField(help_text="what the total is worth in BASE_CURRENCY")

    class Meta:
        model = Order
        fields = (
            "id",
            "number",
            "status",
            "total",
            "currency",
            "exchange_rate",
            "base_total",
            "placed_at",
            "lines",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("created_at", "updated_at")

    def validate_exchange_rate(self, value: Decimal | None) -> Decimal | None:
        if value is not None and value.is_zero():
            raise serializers.ValidationError("Give a rate above 0.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A rate of null, as answers show it, means none."""
        return {field: value for field, value in attrs.items() if field != "exchange_rate" or value is not None}

    def get_base_total(self, order: Order) -> Money:
        return money(order.base_total)

    def to_representation(self, order: Order) -> dict[str, Any]:
        data = super().to_representation(order)
        rate = order.exchange_rate
        return {
            **data,
            "total": shown(order.total, order.currency),
            "exchange_rate": None if rate is None else rate_text(rate),
        }


class WishlistItemSerializer(serializers.ModelSerializer[WishlistItem]):
    """A product that a customer wants."""

    product_id = NameField(max_length=100)
    name = NameField(max_length=255)

    class Meta:
        model = WishlistItem
        fields = ("id", "product_id", "name", "added_at")
        read_only_fields = ("added_at",)


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """What a customer thinks of a product."""

    product_id = NameField(max_length=100)

    class Meta:
        model = Review
        fields = ("id", "product_id", "rating", "text", "created_at", "updated_at")
        read_only_fields = ("created_at", "updated_at")
        extra_kwargs = {"text": {"max_length": 20_000}}


class ChangeReviewSerializer(serializers.Serializer[Any]):
    """What to change in a review."""

    rating = serializers.IntegerField(required=False, min_value=1, max_value=5)
    text = serializers.CharField(required=False, allow_blank=True, max_length=20_000)

    class Meta:
        ref_name = "ChangeReview"
