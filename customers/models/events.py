"""The log of what happened to customers."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from customers.visibility import FollowsCustomer

# What a frame says of an event.

_SHOWN = ("seq", "type", "data", "created_at", *(f"actor__{name}" for name in ("first_name", "last_name", "username")))


class EventQuerySet(FollowsCustomer):
    def after(self, customer_id: int, seq: int) -> "models.QuerySet[Event]":
        """The customer's events numbered above `seq`, oldest first, each with the name of who did it."""
        events: models.QuerySet[Event] = self.filter(customer_id=customer_id, seq__gt=seq).order_by("seq")
        return events.select_related("actor").only(*_SHOWN)


class Event(models.Model):
    """Something that happened to a customer. Each customer's events are numbered 1, 2, 3 ... without gaps."""

    customer = models.ForeignKey("Customer", on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, db_index=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["customer", "seq"], name="event_number")]

    def __str__(self) -> str:
        return f"{self.customer_id}#{self.seq} {self.type}"
