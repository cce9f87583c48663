"""What the provider says of messages that went out."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class StatusUpdateQuerySet(models.QuerySet[Any]):
    def waiting(self) -> "StatusUpdateQuerySet":
        """Statuses that came before their message was known."""
        return self.filter(message=None)

    def of(self, message: Any) -> "StatusUpdateQuerySet":
        """Waiting statuses that speak of `message`."""
        return self.waiting().filter(
            Q(message_key=str(message.pk)) | Q(wamid=message.wamid, wamid__gt=""),
            business_number=message.business_number_id,
        )


class StatusUpdate(models.Model):
    """One thing the provider said of an outbound message, with its own time.

    `message` is null while the message is not known yet: the status waits for it, found by `wamid` or by
    `message_key`, the id we sent along (`biz_opaque_callback_data`).
    """

    business_number = models.ForeignKey("BusinessNumber", on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey("Message", null=True, on_delete=models.CASCADE, related_name="status_updates")
    wamid = models.CharField(max_length=200)
    message_key = models.CharField(max_length=512, blank=True)
    status = models.CharField(max_length=20)
    error = models.JSONField(null=True, blank=True)
    # What the provider says the message costs: {billable, pricing_model, type, category}.
    pricing = models.JSONField(null=True, blank=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    objects = StatusUpdateQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["business_number", "wamid", "status"], name="status_update_once")
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["received_at"], condition=Q(message=None), name="status_update_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.wamid} {self.status}"
