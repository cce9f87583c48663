"""Leases: rows that are jobs are claimed for a limited time, and finished only with the token of the claim.

The table is the queue. A claim is one conditional UPDATE that must change exactly one row and is committed before the
work starts. Finishing a job needs the token of its claim, so a worker whose lease has expired cannot overwrite the
result of the worker that took over.
"""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models
from django.db.models import F
from django.utils import timezone


class Leased(models.Model):
    """The fields of a row that workers claim."""

    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)

    class Meta:
        abstract = True


def free(model: type[Leased], waiting: str, limit: int) -> list[tuple[Any, int]]:
    """Return key and attempts of up to `limit` rows that are due and not claimed, those due longest first.

    Written in SQL because every relay asks this of every queue once a second, and mostly finds nothing
    (docs/decisions/005-hand-written-sql.md). `waiting` is an SQL condition on the table `job`. It must not contain
    values from outside, and must repeat the condition of the queue's index.
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
    """Whether a hand-written SELECT finds a row: a quick check before an expensive query that mostly finds nothing."""
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"{select} LIMIT 1", [adapt(value) if isinstance(value, datetime) else value for value in values]
        )
        return cursor.fetchone() is not None


def claim(
    candidate: models.QuerySet[Any], *, seconds: int, token: uuid.UUID | None = None, **changes: object
) -> uuid.UUID | None:
    """Claim the one row that `candidate` matches and return the token, or None if it no longer matches.

    `candidate` must select the row by its key and repeat the conditions under which it is free, because they become
    part of the UPDATE. `changes` are written together with the lease of `seconds`. Whoever gives the `token` knows it
    even if the answer of the database gets lost.
    """
    token = token or uuid.uuid4()
    lease_until = timezone.now() + timedelta(seconds=seconds)
    changed = candidate.update(claim_token=token, lease_until=lease_until, **changes)
    return token if changed == 1 else None


def claim_free(
    due: models.QuerySet[Any],
    waiting: str,
    limit: int,
    *,
    seconds: int,
    with_rows: Sequence[str] = (),
) -> list[tuple[Any, uuid.UUID]]:
    """Claim up to `limit` rows that are free, and return each as it is now, with its token.

    `waiting` says in SQL which those are (see `free`), and `due` says it once more, on the rows themselves: somebody
    else may have claimed or changed one meanwhile. `with_rows` are related rows to load as well.
    """
    claimed = []
    for pk, attempts in free(due.model, waiting, limit):
        # `attempts` changes with every claim.
        candidate = due.filter(pk=pk, attempts=attempts)
        token = claim(candidate, seconds=seconds, attempts=F("attempts") + 1)
        if token is None:
            continue
        held = due.model._default_manager.filter(pk=pk, claim_token=token)
        row = (held.select_related(*with_rows) if with_rows else held).first()
        if row is not None:  # it was not erased at that moment
            claimed.append((row, token))
    return claimed


def backoff(attempt: int, *, first: float = 1.0, ceiling: float = 3600.0) -> timedelta:
    """Return the pause after attempt number `attempt` (from 1): doubled each time, plus up to a quarter of jitter."""
    seconds = min(first * 2 ** (attempt - 1), ceiling)
    return timedelta(seconds=seconds * random.uniform(1.0, 1.25))
