"""Customers whose owner has left: whoever began to hand them over did not finish."""

import time
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import User
from core.db.failures import passing_busy
from customers.models import Customer
from messaging.actions.leaving import leave

LOOK_SECONDS = 60.0


class Leavers:
    """The relay's source of logins that no longer sell and still own customers."""

    workers = 1

    def __init__(self) -> None:
        self._looked_at = -LOOK_SECONDS

    def settle(self, *, everything: bool) -> None:
        """There are no leases: whoever hands over at the same time locks the same customers and gives them likewise."""

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: who has left is read from the database, and nothing leaves it."""
        return 0

    def claim(self, limit: int) -> list[User]:
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        self._looked_at = time.monotonic()
        owns = Exists(Customer.objects.filter(owner=OuterRef("pk")))
        return list(User.objects.exclude(pk__in=User.objects.sellers()).filter(owns).order_by("pk")[:limit])

    def run(self, job: User) -> None:
        with passing_busy(f"what login {job.pk} leaves"):
            leave(user=job, actor=None)
