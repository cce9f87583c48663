"""Messages, inbound and outbound."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.db.leases import Leased
from core.db.words import WordsField
from core.words import Wanted
from customers.models import Customer
from customers.visibility import FollowsCustomer

PREVIEW = 80
# `not_before` of a message that waits until its file is converted (messaging/actions/preparing.py).
UNTIL_CONVERTED = datetime(9999, 1, 1, tzinfo=UTC)


class Status(models.TextChoices):
    """How far an outbound message has come. An inbound one is `received`, and `read` once the desk has read it.

    One that the desk took back while it was queued is `cancelled`.
    """

    QUEUED = "queued"
    CANCELLED = "cancelled"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    RECEIVED = "received"


# Statuses only move forward: `failed` comes too late for a message that was delivered. `uncertain` means that a send
# got no answer, so every status the provider reports is news. So it would be for a `cancelled` one, which never left.
RANK = {
    Status.QUEUED: 0,
    Status.CANCELLED: 0,
    Status.SENDING: 1,
    Status.UNCERTAIN: 2,
    Status.SENT: 3,
    Status.FAILED: 4,
    Status.DELIVERED: 5,
    Status.READ: 6,
    Status.PLAYED: 7,
}


# An outbound message that was sent has one of these.
SENT = (Status.SENT, Status.DELIVERED, Status.READ, Status.PLAYED)
# An inbound one has one of these, and `received` is no other's.
INBOUND_STATUSES = (Status.RECEIVED, Status.READ)
# Types of inbound messages for which nobody waits for an answer: reactions, and what the provider says.
NOT_WAITED_FOR = ("reaction", "system")


class Held(models.TextChoices):
    """Why a provider took a message and does not deliver it yet, in Meta's words."""

    QUALITY = "held_for_quality_assessment"
    PAUSED = "paused"


class Direction(models.TextChoices):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageQuerySet(FollowsCustomer):
    def newest_first(self) -> "models.QuerySet[Message]":
        found: models.QuerySet[Message] = self.order_by("-ordered_at", "-pk")
        return found

    def bubbles(self) -> "MessageQuerySet":
        """Messages that are shown in a chat on their own. Our reactions are shown on the message they belong to."""
        found: MessageQuerySet = self.exclude(type="reaction", direction="outbound")
        return found

    def with_words(self, wanted: Wanted, *, by_reading: bool = False) -> "MessageQuerySet":
        """Messages with these words. What was taken back is not shown, so it is not found either.

        `by_reading` goes through the rows one by one instead of asking the index: for the few newest.
        """
        found: MessageQuerySet = self.filter(deleted_at=None, **{f"words__{'reads' if by_reading else 'has'}": wanted})
        return found

    def unfinished(self) -> "models.QuerySet[Message]":
        """Messages on their way out. `failed` and `uncertain` ones do not count: later messages need not wait."""
        found: models.QuerySet[Message] = self.filter(status__in=("queued", "sending"))
        return found


class Message(Leased):
    """A message, inbound or outbound. The row of an outbound one is the job to send it (messaging/relay/outbox.py).

    `created_at` is the provider's time for inbound messages. `ordered_at` is the place in the chat: the time of
    arrival, or the provider's time if the message arrives more than a minute late. `payload` is what the provider
    sent under the name of the type.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="messages", db_index=False)
    business_number = models.ForeignKey("BusinessNumber", on_delete=models.PROTECT, related_name="+", db_index=False)
    direction = models.CharField(max_length=8, choices=Direction.choices)
    type = models.CharField(max_length=40, default="text")
    text = models.TextField(blank=True)
    # What the search finds it by (core/db/words.py). Null: stored by an older version, and not indexed yet.
    words = WordsField(of="text")
    payload = models.JSONField(default=dict, blank=True)
    # A template as the customer sees it (messaging/shown.py); null for everything else.
    shown = models.JSONField(null=True, blank=True)
    reply_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replies", db_index=False
    )
    reactions = models.JSONField(default=list, blank=True)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # The id of the contact it goes to, and their number when it was queued; null: the person who wrote last.
    to_contact = models.BigIntegerField(null=True, blank=True)
    to_number = models.CharField(max_length=16, null=True, blank=True)
    # The client's id of up to 100 characters, with `#2` for the second file of a request.
    client_id = models.CharField(max_length=110, null=True, blank=True)
    # A hash of the request: the same client_id with different content is refused.
    client_hash = models.CharField(max_length=64, null=True, blank=True)
    # The user who sent it again, and who needs the right to send it now; null: the sender does.
    retried_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # Who dealt with it in place of the desk: the provider's own agent. Nobody waits for an answer to it.
    handled_by = models.CharField(max_length=10, null=True, blank=True)
    # Whether it is from before Patter, from the phone app: nobody waits for an answer to it either.
    from_history = models.BooleanField(default=False, db_default=False)
    # Whether Patter sends it by itself: it answers nobody.
    automatic = models.BooleanField(default=False, db_default=False)
    # The id of the owner of the chat when it was sent.
    sent_for = models.BigIntegerField(null=True, blank=True)
    # How many seconds it has been made to wait between its tries.
    retry_seconds = models.PositiveIntegerField(null=True, blank=True)
    wamid = models.CharField(max_length=200, null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    # What the provider said when it took the message, if it does not deliver it yet.
    held = models.CharField(max_length=30, choices=Held.choices, null=True, blank=True)
    # {code, title, detail, retryable} or null
    error = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ordered_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    # Of a message that was just queued: its row as JSON, as it was recorded.
    recorded: Any = None

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["business_number", "wamid"], name="message_wamid_once"),
            models.UniqueConstraint(fields=["sender", "client_id"], name="message_client_id_once"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(F("customer"), F("ordered_at").desc(), F("id").desc(), name="message_history"),
            models.Index(F("ordered_at").desc(), F("id").desc(), name="message_newest"),
            # The lists of one type and of one status. Most messages are texts that were read, and the newest are soon
            # found without an index. Migration 0023 adds the index of the search.
            models.Index(
                F("type"), F("ordered_at").desc(), F("id").desc(), condition=~Q(type="text"), name="message_of_type"
            ),
            models.Index(
                F("status"),
                F("ordered_at").desc(),
                F("id").desc(),
                condition=Q(status__in=("uncertain", "sent", "failed", "played", "received")),
                name="message_of_status",
            ),
            models.Index(
                F("ordered_at").desc(), F("id").desc(), condition=Q(status="cancelled"), name="message_cancelled"
            ),
            models.Index(
                F("ordered_at").desc(), F("id").desc(), condition=Q(status="delivered"), name="message_delivered"
            ),
            models.Index(fields=["id"], condition=Q(words=None), name="message_without_words"),
            # The queue: a small index, however many messages there are.
            models.Index(fields=["not_before", "id"], condition=Q(status="queued"), name="message_queued"),
            # Deleting a message looks for answers to it.
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

    @property
    def preview(self) -> str:
        """The beginning of what it says, on one line."""
        if self.deleted_at is not None:
            return "(deleted)"
        text = " ".join(self.text.split())
        return f"{text[:PREVIEW]}…" if len(text) > PREVIEW else text or f"({self.type})"

    @property
    def searched_text(self) -> str:
        """What the search finds it by: nothing once it was taken back."""
        return self.text if self.deleted_at is None else ""

    def may_become(self, status: str) -> bool:
        """Whether `status` is a step forward for this message."""
        return RANK.get(Status(status), -1) > RANK.get(Status(self.status), -1)
