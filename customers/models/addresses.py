"""Billing and shipping addresses of customers."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.folding import FoldedField, Folds
from customers.visibility import OwnCustomer


class AddressType(models.TextChoices):
    BILLING = "billing"
    SHIPPING = "shipping"


_LINES = ("address_line1", "address_line2", "city", "state", "postal_code", "country")


class AddressQuerySet(OwnCustomer):
    def default_first(self) -> "models.QuerySet[Address]":
        """The default first, then the oldest: the next in line to be the default."""
        found: models.QuerySet[Address] = self.order_by("-is_default", "pk")
        return found


class Address(Folds):
    """An address of a customer. Only customers/actions/addresses.py writes it.

    A customer with addresses of a type has exactly one default among them: the first, until they choose another.
    """

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="addresses", db_index=False)
    address_type = models.CharField(max_length=8, choices=AddressType.choices)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    company = models.CharField(max_length=150, blank=True)
    phone = models.CharField(max_length=16, null=True, blank=True)
    address_line1 = models.CharField(max_length=255)
    address_line2 = models.CharField(max_length=255, blank=True)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    folded = FoldedField("first_name", "last_name", "company", "phone", *_LINES)
    # What the filters of the list compare.
    city_folded = FoldedField("city")
    state_folded = FoldedField("state")
    country_folded = FoldedField("country")

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "addresses"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["customer", "address_type"], condition=Q(is_default=True), name="address_one_default"
            )
        ]
        # The orderings of the list of all addresses, each index read in both directions.
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["id"], condition=Q(folded=None), name="address_not_folded"),
            models.Index(fields=["created_at", "id"], name="address_by_time"),
            models.Index(fields=["is_default", "id"], name="address_by_default"),
            # By the filters; migration 0028 adds one for parts of cities.
            models.Index(fields=["country_folded", "created_at", "id"], name="address_by_country"),
            models.Index(fields=["state_folded", "created_at", "id"], name="address_by_state"),
            # Those of a salesperson's customers, filtered without the table.
            models.Index(
                fields=["customer", "created_at", "id"],
                include=["address_type", "is_default", "country_folded", "state_folded", "city_folded"],
                name="address_of_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address_type} of {self.customer_id}: {self.address_line1}, {self.city}"
