"""Groups (segments) of customers, and the benefits of their members."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.folding import FoldedField, FoldedQuerySet, Folds, KeyField, same_name
from customers.visibility import OwnCustomer


class CustomerGroupQuerySet(FoldedQuerySet["CustomerGroup"]):
    def named(self, name: str) -> "CustomerGroupQuerySet":
        """The groups with this name, in whichever case."""
        return self.filter(Q(name_key=same_name(name)) | Q(name_key=None, name=name))


class CustomerGroup(Folds):
    """A group. Members were added by hand (GroupMember) or match its rules now (customers/group_members.py)."""

    name = models.CharField(max_length=150)
    description = models.TextField(blank=True)
    # Filters of the customer list and their values. Empty rules match nobody.
    assignment_rules = models.JSONField(default=dict, blank=True)
    discount_percentage = models.DecimalField(
        max_digits=5, decimal_places=2, default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    priority_support = models.BooleanField(default=False)
    free_shipping = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    folded = FoldedField("name")
    name_key = KeyField("name")

    objects = CustomerGroupQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["name_key"], condition=Q(name_key__isnull=False), name="customer_group_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A customer added to a group by hand."""

    group = models.ForeignKey(CustomerGroup, on_delete=models.CASCADE, related_name="manual_members")
    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="group_memberships")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    added_at = models.DateTimeField(default=timezone.now)

    objects = OwnCustomer.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["group", "customer"], name="group_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.group_id}"
