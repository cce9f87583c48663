"""Orders, wishlist and reviews. Products live in the shop; here they are known by the shop's ids."""

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from customers.visibility import OwnCustomer


class OrderStatus(models.TextChoices):
    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


# Orders with these statuses do not count towards a customer's totals.
UNCOUNTED = frozenset({OrderStatus.CANCELLED.value, OrderStatus.REFUNDED.value})


class OrderQuerySet(OwnCustomer):
    def newest_first(self) -> "models.QuerySet[Order]":
        found: models.QuerySet[Order] = self.order_by("-placed_at", "-pk")
        return found

    def counted(self) -> "models.QuerySet[Order]":
        """Those that count towards the customer's totals."""
        found: models.QuerySet[Order] = self.exclude(status__in=UNCOUNTED)
        return found

    def worth(self) -> dict[str, Any]:
        """How many of these orders count, and what they come to as text: `{counted, spent}`."""
        found = self.counted().aggregate(counted=Count("pk"), spent=Sum("total"))
        return {"counted": found["counted"], "spent": str(found["spent"] or 0)}


class Order(models.Model):
    """An order, as the shop's order system reports it. Its number is the shop's, and unique."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="orders", db_index=False)
    number = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=10, choices=OrderStatus.choices)
    total = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, default="USD")
    placed_at = models.DateTimeField()
    lines = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(F("customer"), F("placed_at").desc(), F("id").desc(), name="order_newest")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.status}"

    @property
    def counts(self) -> bool:
        """Whether it counts towards the customer's totals."""
        return self.status not in UNCOUNTED


class WishlistItem(models.Model):
    """A product a customer wants, once per product."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="wishlist", db_index=False)
    product_id = models.CharField(max_length=100)
    name = models.CharField(max_length=255)
    added_at = models.DateTimeField(default=timezone.now)

    objects = OwnCustomer.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["customer", "product_id"], name="wishlist_product_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} wants {self.product_id}"


class Review(models.Model):
    """A customer's review of a product, one per product."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="reviews", db_index=False)
    product_id = models.CharField(max_length=100)
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnCustomer.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["customer", "product_id"], name="review_product_once"),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.product_id}: {self.rating}"
