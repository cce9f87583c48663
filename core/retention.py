"""What is kept for a time only (setting RETENTION, `manage.py prune`)."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

# Rows per transaction: whoever else wants to write must not wait long.
BATCH = 2000


@dataclass(frozen=True)
class Old:
    """Rows that are no longer kept, and what to call them. Nothing but them may go with them."""

    what: str
    rows: "QuerySet[Any]"

    def remove(self) -> int:
        """Delete the rows, a batch at a time; return how many there were."""
        count = 0
        while keys := list(self.rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            with transaction.atomic():
                # The conditions again: a row may have changed since it was looked at.
                self.rows.filter(pk__in=keys).delete()
            count += len(keys)
        return count
