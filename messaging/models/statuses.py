"""The statuses that providers report for outbound messages."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from messaging.models.messages import Message


class StatusUpdateQuerySet(models.QuerySet["StatusUpdate"]):
    def waiting(self) -> "StatusUpdateQuerySet":
        """Statuses whose message was not known when they arrived."""
        return self.filter(message=None)

    def of(self, message: "Message") -> "StatusUpdateQuerySet":
        """Waiting statuses that are about `message`."""
        return self.waiting().filter(
            Q(message_key=str(message.pk)) | Q(wamid=message.wamid, wamid__gt=""),
            business_number=message.business_number_id,
        )


class StatusUpdate(models.Model):
    """A status that the provider reported for an outbound message, with the provider's time.

    `message` is null while the message is not known: the status waits, and is found by `wamid`, or by `message_key`,
    which is our id of the message as it was sent along (WhatsApp: `biz_opaque_callback_data`).
    """

    business_number = models.ForeignKey("BusinessNumber", on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey("Message", null=True, on_delete=models.CASCADE, related_name="status_updates")
    wamid = models.CharField(max_length=200)
    message_key = models.CharField(max_length=512, blank=True)
    status = models.CharField(max_length=20)
    error = models.JSONField(null=True, blank=True)
    # What the message costs, as the provider says: {billable, pricing_model, type, category}.
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
