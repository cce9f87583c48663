"""Customers whose owner has left: whoever began to hand them over did not finish."""

import time
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import User
from core.db.failures import passing_busy
from customers.models import Customer
from messaging.actions.leaving import leave

LOOK_SECONDS = 60.0
_AT_ONCE = 200


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

    def claim(self, limit: int) -> list[list[User]]:
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        self._looked_at = time.monotonic()
        owns = Exists(Customer.objects.filter(owner=OuterRef("pk")))
        left = list(User.objects.exclude(pk__in=User.objects.sellers()).filter(owns).order_by("pk")[:_AT_ONCE])
        return [left] if left else []

    def run(self, job: list[User]) -> None:
        for user in job:
            with passing_busy(f"what login {user.pk} leaves"):
                leave(user=user, actor=None)
