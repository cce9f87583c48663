"""The chat: conversations, messages, and the numbers they are held on."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.leases import Leased
from core.uploads import StoredUnder
from customers.models import Customer
from messaging.querysets import AttachmentQuerySet, MessageQuerySet, StatusUpdateQuerySet

# A business may answer freely for this long after the customer's last message (Meta's service window).
SERVICE_WINDOW = timedelta(hours=24)

# The folders of files below MEDIA_ROOT, and below MEDIA_URL.
ATTACHMENTS, THUMBNAILS = "attachments", "thumbnails"


class BusinessNumber(models.Model):
    """One of our own addresses: a transport and the id by which its provider knows it."""

    transport = models.CharField(max_length=20, default="whatsapp")
    external_id = models.CharField(max_length=64)
    display = models.CharField(max_length=40, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    # How often in a row the provider throttled us; the pause doubles with it.
    throttled = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    # What the provider refused when it halted the number (Transport.access); another one resumes it.
    halted_access = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["transport", "external_id"], name="business_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.transport} {self.display or self.external_id}"


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


class Message(Leased):
    """A message either way. An outbound one is its own job: see messaging/outbox.py.

    `created_at` is the provider's time for inbound messages; `ordered_at` is the place in the chat: the
    time of arrival, or the provider's time when the message comes more than a minute late.
    `payload` is what the provider said under the type's name.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="messages", db_index=False)
    business_number = models.ForeignKey(BusinessNumber, on_delete=models.PROTECT, related_name="+", db_index=False)
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


class AttachmentState(models.TextChoices):
    """`pending` until the file is here; `failed` when it could not be had."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Attachment(Leased):
    """The file of a message, either way. One that still has to be fetched from the provider is its own job.

    `file_name` is the name the file came with. `provider_id` is what the provider calls the file, and keeps it
    under until `provider_until`. `width` and `height` are those of a picture that could be read.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="attachment")
    state = models.CharField(max_length=7, choices=AttachmentState.choices, default=AttachmentState.PENDING)
    file = models.FileField(upload_to=StoredUnder(ATTACHMENTS), max_length=255, blank=True)
    thumbnail = models.FileField(upload_to=StoredUnder(THUMBNAILS), max_length=255, blank=True)
    mime_type = models.CharField(max_length=150, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    provider_until = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            # The way from a file to its row, asked on every download.
            models.Index(fields=["file"], name="attachment_file"),
            models.Index(fields=["thumbnail"], name="attachment_thumbnail"),
            # The queue: small whatever the number of attachments.
            models.Index(fields=["not_before", "id"], condition=Q(state="pending"), name="attachment_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.mime_type or 'file'} of #{self.message_id}"


class Conversation(models.Model):
    """The one chat with a customer, on the number they last wrote to."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="conversation", primary_key=True)
    business_number = models.ForeignKey(BusinessNumber, on_delete=models.PROTECT, related_name="+")
    unread_count = models.PositiveIntegerField(default=0)
    last_message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    # The provider's address of whoever wrote last: the customer or one of their contacts.
    last_address = models.CharField(max_length=150, null=True, blank=True)

    def __str__(self) -> str:
        return f"chat with {self.customer_id}"

    @property
    def window_expires_at(self) -> datetime | None:
        """When the service window closes, or closed; None when the customer never wrote."""
        return window_expires_at(self.last_inbound_at)


def window_expires_at(last_inbound_at: datetime | None) -> datetime | None:
    return last_inbound_at + SERVICE_WINDOW if last_inbound_at is not None else None


class Receipt(Leased):
    """What the customer is to be shown of us: that their messages were read, perhaps that somebody types.

    Its own job while `due`, one per customer whatever happens meanwhile. Best effort: tried a few times, then dropped.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="receipt", primary_key=True)
    due = models.BooleanField(default=True)
    typing = models.BooleanField(default=False)
    # The newest message that the customer was told we read.
    shown = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["not_before"], condition=Q(due=True), name="receipt_due")]

    def __str__(self) -> str:
        return f"receipt for {self.customer_id}"


class StatusUpdate(models.Model):
    """One thing the provider said of an outbound message, with its own time.

    `message` is null while the message is not known yet: the status waits for it, found by `wamid` or by
    `message_key`, the id we sent along (`biz_opaque_callback_data`).
    """

    business_number = models.ForeignKey(BusinessNumber, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, null=True, on_delete=models.CASCADE, related_name="status_updates")
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
