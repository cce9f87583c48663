"""Orders, wishlist and reviews. Products live in the shop; here they are known by the shop's ids."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q
from django.utils import timezone

from core.db.amounts import AmountSum
from core.folding import FoldedField, Folds
from customers.money import amount_field, base_currency, in_base, rate_field
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
        """How many of these orders count, and what they come to in base currency, as text: `{counted, spent}`."""
        found = self.counted().aggregate(counted=Count("pk"), spent=AmountSum("base_total"))
        return {"counted": found["counted"], "spent": str(found["spent"] or 0)}

    def worth_of(self, customers: Collection[int]) -> dict[int, tuple[int, Decimal]]:
        """`worth` for each of these customers, by id. Those without an order that counts are not in it."""
        rows = self.counted().filter(customer__in=customers).order_by().values_list("customer")
        sums = rows.annotate(counted=Count("pk"), spent=AmountSum("base_total"))
        return {customer: (counted, spent) for customer, counted, spent in sums}

    def by_currency(self, customers: Collection[int]) -> dict[int, dict[str, Decimal]]:
        """What the orders that count come to in each currency, by the customers' ids."""
        found: dict[int, dict[str, Decimal]] = defaultdict(dict)
        rows = self.counted().filter(customer__in=customers).order_by("customer", "currency")
        for customer, currency, total in rows.values_list("customer", "currency").annotate(AmountSum("total")):
            found[customer][currency] = total
        return found


class Order(models.Model):
    """An order, as the shop's order system reports it. Its number is the shop's, and unique.

    `base_total` is what `total` is worth in the base currency; saving the order works it out. `exchange_rate` is null
    for orders from before rates were known: they count one to one until `manage.py recount_totals` finds a rate.
    """

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="orders", db_index=False)
    number = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=10, choices=OrderStatus.choices)
    total = amount_field(validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, default=base_currency)
    exchange_rate = rate_field(null=True, blank=True)
    base_total = amount_field(default=Decimal(0), db_default=Decimal(0), editable=False)
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.exchange_rate is None and self.currency == base_currency():
            self.exchange_rate = Decimal(1)
        self.price()
        super().save(*args, **kwargs)

    def price(self) -> None:
        """Work out what the order is worth in base currency."""
        rate = Decimal(1) if self.exchange_rate is None else self.exchange_rate
        self.base_total = in_base(Decimal(str(self.total)), rate)

    @property
    def counts(self) -> bool:
        """Whether it counts towards the customer's totals."""
        return self.status not in UNCOUNTED


class WishlistItem(Folds):
    """A product a customer wants, once per product."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="wishlist", db_index=False)
    product_id = models.CharField(max_length=100)
    name = models.CharField(max_length=255)
    added_at = models.DateTimeField(default=timezone.now)
    folded = FoldedField("product_id", "name")

    objects = OwnCustomer.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["customer", "product_id"], name="wishlist_product_once")
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["id"], condition=Q(folded=None), name="wishlist_not_folded")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} wants {self.product_id}"


class Review(Folds):
    """A customer's review of a product, one per product."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="reviews", db_index=False)
    product_id = models.CharField(max_length=100)
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    folded = FoldedField("product_id", "text")

    objects = OwnCustomer.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["customer", "product_id"], name="review_product_once"),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating_1_to_5"),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["id"], condition=Q(folded=None), name="review_not_folded")]

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.product_id}: {self.rating}"
