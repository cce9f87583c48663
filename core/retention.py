"""Rows that are kept for a limited time, and removed once a day by core/chores.py (setting RETENTION)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

# Rows per transaction, few enough that other writers do not wait long.
BATCH = 2000


@dataclass(frozen=True)
class Old:
    """Rows that can be removed, and what they are called. Removing them must not remove other rows with them."""

    what: str
    rows: "QuerySet[Any]"

    def remove(self, *, after_batch: Callable[[], None] | None = None) -> int:
        """Delete the rows in batches and return how many there were. Between two batches nothing is locked."""
        count = 0
        while keys := list(self.rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            with transaction.atomic():
                # With the conditions again, because a row may have changed since it was selected.
                self.rows.filter(pk__in=keys).delete()
            count += len(keys)
            if after_batch is not None:
                after_batch()
        return count
