"""How often messages were claimed: messaging/relay/departures.py compares it with a file."""

from django.db import models


class DepartureCount(models.Model):
    """How many batches of messages were claimed under a slot. There are several: no relay waits for another."""

    slot = models.PositiveSmallIntegerField(primary_key=True)
    count = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"slot {self.slot}: {self.count}"
