"""When the desk works."""

from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from messaging.hours import Hours, ranges_of


class WorkingHours(models.Model):
    """When the desk works: on one business number, or, without one, on all that have none of their own."""

    business_number = models.OneToOneField(
        "BusinessNumber", null=True, blank=True, on_delete=models.CASCADE, related_name="working_hours"
    )
    time_zone = models.CharField(max_length=64)
    # {"mon": [["09:00", "18:00"]], ...}
    week = models.JSONField(default=dict, blank=True)
    # ["2026-12-25", ...]
    holidays = models.JSONField(default=list, blank=True)
    # What a customer gets who writes while it is closed; empty: nothing.
    away_message = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "working hours"
        constraints: ClassVar[list[Any]] = [
            # Nulls are all different for OneToOneField.
            models.UniqueConstraint(
                models.Value(1), condition=Q(business_number__isnull=True), name="working_hours_of_all_once"
            )
        ]

    def __str__(self) -> str:
        return f"of {self.business_number or 'all numbers'}"

    @property
    def hours(self) -> Hours:
        """The hours to count with."""
        holidays = frozenset(map(date.fromisoformat, self.holidays))
        return Hours(ZoneInfo(self.time_zone), ranges_of(self.week), holidays)
