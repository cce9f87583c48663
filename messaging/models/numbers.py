"""Our own numbers, which customers write to."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


def home_channel_name() -> str:
    """The name of the channel for customers who have never written: the first in CHANNELS."""
    return next(iter(settings.CHANNELS))


class BusinessNumber(models.Model):
    """One of our own addresses: the name of its channel, and the id by which the provider knows it."""

    transport = models.CharField(max_length=20, default=home_channel_name)
    external_id = models.CharField(max_length=64)
    display = models.CharField(max_length=40, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    # How many times in a row the provider throttled us; the pause doubles each time.
    throttled = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    # The access that was refused when the number was halted (Transport.access); another one resumes it.
    halted_access = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["transport", "external_id"], name="business_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.transport} {self.display or self.external_id}"
