"""Merges: two customers who turned out to be one person."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone


class MergeReason(models.TextChoices):
    """`merged` by somebody at the desk, or `proved`: the person showed that a phone of the other row is theirs."""

    MERGED = "merged"
    PROVED = "proved"


class MergeQuerySet(models.QuerySet["Merge"]):
    def newest_first(self) -> "MergeQuerySet":
        return self.order_by("-pk")

    def undone_into(self, rows: Collection[int]) -> "MergeQuerySet":
        """Merges into one of these rows that were undone. What was said meanwhile stayed, maybe by the other."""
        return self.filter(into__in=rows, undone_at__isnull=False)


class Merge(models.Model):
    """The row `gone` became part of `into`. Keeps what it takes to undo that.

    `moved` says for each relation of Customer what its keeper moved (customers/keepers.py), `before` the fields of both
    rows, `after` those that the merge wrote to `into`. Only customers/actions/merge.py and unmerge.py write it.
    """

    # How long a merge can be undone.
    UNDO_WITHIN = timedelta(days=14)

    gone = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="merges_into_others", db_index=False)
    into = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="merges_of_others", db_index=False)
    # Null: Patter itself.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=6, choices=MergeReason.choices, default=MergeReason.MERGED)
    at = models.DateTimeField(default=timezone.now)
    moved = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    objects = MergeQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(F("into"), F("id").desc(), name="merge_into"),
            models.Index(F("gone"), F("id").desc(), name="merge_gone"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.into_id}"

    def moved_of(self, relation: str) -> dict[str, Any]:
        """What the keeper of a relation moved (customers/keepers.py)."""
        return {"ids": [], **self.moved.get(relation, {})}
