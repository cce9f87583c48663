"""The ledger of loyalty points and tiers."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.folding import FoldedField, Folds
from customers.models.choices import LoyaltyTier
from customers.visibility import OwnCustomer

# The most that fits into the columns, on both databases.
MAX_POINTS = 2**31 - 1


class LoyaltyEntry(Folds):
    """A change of points, tier or both. Entries never change. `actor` is null when Patter itself made the change."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="loyalty_entries", db_index=False)
    points = models.IntegerField(default=0)
    points_after = models.PositiveIntegerField()
    tier_before = models.CharField(max_length=10, choices=LoyaltyTier.choices)
    tier_after = models.CharField(max_length=10, choices=LoyaltyTier.choices)
    reason = models.CharField(max_length=500, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    folded = FoldedField("reason")

    objects = OwnCustomer.as_manager()

    class Meta:
        verbose_name_plural = "loyalty entries"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["customer", "-id"], name="loyalty_newest"),
            models.Index(fields=["id"], condition=Q(folded=None), name="loyalty_not_folded"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.points:+d} {self.tier_after}"
