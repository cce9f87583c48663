"""Rows that are jobs: claimed with a lease, finished only with the same token.

The table is the queue. A claim is one conditional UPDATE that must change exactly one row and is
committed before the work starts; whoever finishes shows the token of the claim, so a worker whose
lease ran out cannot write over its successor (reference/reliability.md, section 4).
"""

import random
import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone


class Leased(models.Model):
    """The fields of a row that is claimed by a worker."""

    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)

    class Meta:
        abstract = True


def claim(candidate: models.QuerySet, *, seconds: int, **changes: object) -> uuid.UUID | None:
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
