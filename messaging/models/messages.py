"""Messages, either way."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.db.leases import Leased
from customers.models import Customer
from customers.visibility import FollowsCustomer


class Status(models.TextChoices):
    """The life of an outbound message; an inbound one is `received`, then `read` by the desk."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    RECEIVED = "received"


# Statuses only move forward; `failed` wins only below `delivered`. `uncertain` is a send without an
# answer: whatever the provider says of it is news.
RANK = {
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.UNCERTAIN: 2,
    Status.SENT: 3,
    Status.FAILED: 4,
    Status.DELIVERED: 5,
    Status.READ: 6,
    Status.PLAYED: 7,
}


class Direction(models.TextChoices):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageQuerySet(FollowsCustomer):
    def newest_first(self) -> "models.QuerySet[Message]":
        found: models.QuerySet[Message] = self.order_by("-ordered_at", "-pk")
        return found

    def bubbles(self) -> "MessageQuerySet":
        """Messages that stand in a chat for themselves. A reaction of ours is a message only on its way out."""
        found: MessageQuerySet = self.exclude(type="reaction", direction="outbound")
        return found

    def unfinished(self) -> "models.QuerySet[Message]":
        """Messages on their way out. `failed` and `uncertain` count as finished: they hold nobody up."""
        found: models.QuerySet[Message] = self.filter(status__in=("queued", "sending"))
        return found


class Message(Leased):
    """A message either way. An outbound one is its own job: see messaging/relay/outbox.py.

    `created_at` is the provider's time for inbound messages; `ordered_at` is the place in the chat: the
    time of arrival, or the provider's time when the message comes more than a minute late.
    `payload` is what the provider said under the type's name.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="messages", db_index=False)
    business_number = models.ForeignKey("BusinessNumber", on_delete=models.PROTECT, related_name="+", db_index=False)
    direction = models.CharField(max_length=8, choices=Direction.choices)
    type = models.CharField(max_length=40, default="text")
    text = models.TextField(blank=True)
    payload = models.JSONField(default=dict, blank=True)
    reply_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replies", db_index=False
    )
    reactions = models.JSONField(default=list, blank=True)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # The contact it goes to, by id, and their number when it was queued; null: whoever wrote last.
    to_contact = models.BigIntegerField(null=True, blank=True)
    to_number = models.CharField(max_length=16, null=True, blank=True)
    # The client's 100 characters, and `#2` for the second file of one request.
    client_id = models.CharField(max_length=110, null=True, blank=True)
    # What was asked for, hashed: the same client_id with other content is refused.
    client_hash = models.CharField(max_length=64, null=True, blank=True)
    # Who sent it again, and so answers for it now; null: the sender does.
    retried_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    wamid = models.CharField(max_length=200, null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    # {code, title, detail, retryable} or null
    error = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ordered_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["business_number", "wamid"], name="message_wamid_once"),
            models.UniqueConstraint(fields=["sender", "client_id"], name="message_client_id_once"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(F("customer"), F("ordered_at").desc(), F("id").desc(), name="message_history"),
            models.Index(F("ordered_at").desc(), F("id").desc(), name="message_newest"),
            # The queue: small whatever the number of messages.
            models.Index(fields=["not_before", "id"], condition=Q(status="queued"), name="message_queued"),
            # Erasing a message looks for answers to it.
            models.Index(fields=["reply_to"], condition=Q(reply_to__isnull=False), name="message_answers"),
            models.Index(
                fields=["business_number", "not_before", "id"],
                condition=Q(status="queued"),
                name="message_queued_of_number",
            ),
            models.Index(fields=["lease_until"], condition=Q(status="sending"), name="message_sending"),
            models.Index(
                fields=["customer", "id"], condition=Q(status__in=("queued", "sending")), name="message_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.type} #{self.pk}"

    def may_become(self, status: str) -> bool:
        """Whether `status` is a step forward for this message."""
        return RANK.get(Status(status), -1) > RANK.get(Status(self.status), -1)
