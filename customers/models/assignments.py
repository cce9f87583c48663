"""Which salesperson has a customer, now and in the past."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.folding import FoldedField, Folds
from customers.visibility import FollowsCustomer


class AssignmentQuerySet(FollowsCustomer):
    def newest_first(self) -> "models.QuerySet[Assignment]":
        """Newest first, with the users they name loaded along."""
        found: models.QuerySet[Assignment] = self.select_related("salesperson", "assigned_by").order_by(
            "-assigned_at", "-pk"
        )
        return found

    def open(self) -> "models.QuerySet[Assignment]":
        """Those that have not ended."""
        found: models.QuerySet[Assignment] = self.filter(ended_at=None)
        return found


class Assignment(Folds):
    """The time a salesperson has a customer. The open one, if any, is the owner's."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="assignments", db_index=False)
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="assignments",
        db_index=False,  # the index (salesperson, id) serves it
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    note = models.TextField(blank=True)
    assigned_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    folded = FoldedField("note")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["customer"], condition=Q(ended_at=None), name="assignment_one_open"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["id"], condition=Q(folded=None), name="assignment_not_folded"),
            models.Index(fields=["salesperson", "-id"], name="assignment_newest"),
            models.Index(fields=["-assigned_at", "-id"], name="assignment_by_time"),
            # Those of a salesperson's customers, filtered without the table.
            models.Index(
                fields=["customer", "-assigned_at", "-id"],
                include=["salesperson", "ended_at"],
                name="assignment_of_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} -> {self.salesperson_id}"
