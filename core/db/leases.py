"""Rows that are jobs: claimed with a lease, finished only with the same token.

The table is the queue. A claim is one conditional UPDATE that must change exactly one row and is
committed before the work starts; whoever finishes shows the token of the claim, so a worker whose
lease ran out cannot write over its successor (reference/reliability.md, section 4).
"""

import random
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone


class Leased(models.Model):
    """The fields of a row that is claimed by a worker."""

    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)

    class Meta:
        abstract = True


def free(model: type[Leased], waiting: str, limit: int) -> list[tuple[Any, int]]:
    """Return key and attempts of up to `limit` rows that are due and that nobody holds, the longest due first.

    Every relay asks this of every queue once a second, mostly in vain: hence SQL by hand (decision 005). `waiting` is
    a condition in SQL about the table `job`, without values from outside; it repeats that of the queue's index.
    """
    table, key = model._meta.db_table, model._meta.pk.column
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, attempts FROM {table} job WHERE {waiting} AND not_before <= %s "
            f"AND (lease_until IS NULL OR lease_until < %s) ORDER BY not_before, {key} LIMIT %s",
            [now, now, limit],
        )
        rows: list[tuple[Any, int]] = cursor.fetchall()
        return rows


def any_row(select: str, *values: Any) -> bool:
    """Whether a SELECT by hand finds something: the quick look before a long one that mostly finds nothing."""
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"{select} LIMIT 1", [adapt(value) if isinstance(value, datetime) else value for value in values]
        )
        return cursor.fetchone() is not None


def claim(candidate: models.QuerySet[Any], *, seconds: int, **changes: object) -> uuid.UUID | None:
    """Claim the one row that `candidate` still matches; return the token, or None if it is gone.

    `candidate` must name the row by its key and repeat the conditions under which it is free:
    they are part of the UPDATE. `changes` are written with the lease.
    """
    token = uuid.uuid4()
    lease_until = timezone.now() + timedelta(seconds=seconds)
    changed = candidate.update(claim_token=token, lease_until=lease_until, **changes)
    return token if changed == 1 else None


def backoff(attempt: int, *, first: float = 1.0, ceiling: float = 3600.0) -> timedelta:
    """Return the pause after the `attempt`th try (from 1): doubling, with up to a quarter of jitter."""
    seconds = min(first * 2 ** (attempt - 1), ceiling)
    return timedelta(seconds=seconds * random.uniform(1.0, 1.25))
