"""Our own numbers, which customers write to."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


def home_channel_name() -> str:
    """The name of the channel for customers who have never written: the first in CHANNELS."""
    return next(iter(settings.CHANNELS))


# The end of a pause that lasts until somebody acts.
UNTIL_RESUMED = datetime(9999, 1, 1, tzinfo=UTC)


class PauseKind(models.TextChoices):
    """Why a number sends nothing."""

    THROTTLED = "throttled"  # the provider wants us to be slower
    PAUSED = "paused"  # access or policy, or the provider works on the number
    UNREACHABLE = "unreachable"  # there is no connection to the provider


class BusinessNumberQuerySet(models.QuerySet["BusinessNumber"]):
    def paused(self, now: datetime) -> "BusinessNumberQuerySet":
        """Numbers that send nothing now. An unreachable one does not until a message got through."""
        return self.filter(Q(paused_until__gt=now) | Q(pause_kind=PauseKind.UNREACHABLE)).order_by("pk")


class BusinessNumber(models.Model):
    """One of our own addresses: the name of its channel, and the id by which the provider knows it."""

    transport = models.CharField(max_length=20, default=home_channel_name)
    external_id = models.CharField(max_length=64)
    display = models.CharField(max_length=40, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    # How many times in a row the provider throttled us; the pause doubles each time.
    throttled = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    # Empty: it was never paused, or it sends again. An unreachable number stays so until a message got through.
    pause_kind = models.CharField(max_length=12, choices=PauseKind.choices, blank=True)
    # The pause of which open chats were told last (messaging/relay/pause_notices.py).
    told = models.CharField(max_length=60, blank=True)
    # How many messages in a row could not reach the provider; the pause doubles each time.
    probes = models.PositiveIntegerField(default=0)
    # The access that was refused when the number was halted (Transport.access); another one resumes it.
    halted_access = models.CharField(max_length=64, blank=True)
    # What the provider says about it: the name that customers see, how good it finds the number, and everything else.
    name = models.CharField(max_length=150, blank=True, default="", db_default="")
    quality = models.CharField(max_length=20, blank=True, default="", db_default="")
    health = models.JSONField(null=True, blank=True)

    objects = BusinessNumberQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["transport", "external_id"], name="business_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.transport} {self.display or self.external_id}"

    @property
    def phone_known(self) -> bool:
        """Whether `display` is its phone number; the sandbox has its id there."""
        return self.display not in ("", self.external_id)


class NumberHoldQuerySet(models.QuerySet["NumberHold"]):
    def active(self, now: datetime) -> "NumberHoldQuerySet":
        """Holds that were not lifted and have not ended."""
        return self.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)


class NumberHold(models.Model):
    """A reason why a number sends nothing, until it is lifted or ends. A number may have several.

    Each is named by its `source`: whoever gives the reason is who lifts it. The row stays afterwards, so that what is
    told late, or twice, is recognised: `since` is when its source said last that it holds, or that it does not.
    The effect on the number itself is in its own columns (messaging/actions/number_holds.py).
    """

    # An admin, and access that was refused when something was sent. Others are named by the channels.
    HAND, ACCESS = "hand", "access"

    number = models.ForeignKey(BusinessNumber, on_delete=models.CASCADE, related_name="holds", db_index=False)
    source = models.CharField(max_length=80)
    reason = models.TextField(blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = NumberHoldQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["number", "source"], name="number_hold_once")
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"
