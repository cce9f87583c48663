"""Customers who are to get another salesperson."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from customers.models import Customer


class PendingRoute(models.Model):
    """A customer whom the relay routes again (messaging/relay/routes.py).

    Nobody was free for them; or, with `returns_to`, whose salesperson was away for too long while they waited, and
    gets them back if nobody has answered what they wrote before `since`. The row is removed when this is settled.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="pending_route", primary_key=True)
    since = models.DateTimeField()
    returns_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["since"], name="pending_route_since")]

    def __str__(self) -> str:
        return f"route of {self.customer_id}"
