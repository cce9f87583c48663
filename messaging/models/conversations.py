"""The chat with a customer as a whole, and the receipts they are shown."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.db.leases import Leased
from customers.models import Customer, customer_number


class ChatState(models.TextChoices):
    """Whether the desk is done with a chat. What the customer writes makes it `open` again."""

    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Conversation(models.Model):
    """The one chat with a customer, on the number they last wrote to.

    `waiting_since` is when the customer wrote the first message that nobody has answered
    (messaging/actions/answering.py); it says nothing about the state.

    `owner` and `merged_into` are the customer's, copied by triggers of the database (migration 0032, decision 031), so
    that chats are counted without the table of customers. Nothing else writes them, and an instance may not know them.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="conversation", primary_key=True)
    business_number = models.ForeignKey("BusinessNumber", on_delete=models.PROTECT, related_name="+")
    unread_count = models.PositiveIntegerField(default=0)
    last_message = models.ForeignKey("Message", null=True, on_delete=models.SET_NULL, related_name="+")
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    # The provider's address of the person who wrote last: the customer or one of their contacts.
    last_address = models.CharField(max_length=150, null=True, blank=True)
    state = models.CharField(max_length=7, choices=ChatState.choices, default=ChatState.OPEN, db_default=ChatState.OPEN)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    # The id of the message with which the customer last opened a chat that was not open.
    reopened_by = models.BigIntegerField(null=True, blank=True)

    # When the customer was last told that nobody is there, and the wait that the desk was last told takes too long.
    away_told_at = models.DateTimeField(null=True, blank=True)
    overdue_since = models.DateTimeField(null=True, blank=True)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,  # the index conversation_counted serves it
    )
    merged_into = models.BigIntegerField(null=True, editable=False)

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["unread_count", "customer"],
                include=["owner", "merged_into", "state"],
                condition=Q(unread_count__gt=0),
                name="conversation_by_unread",
            ),
            models.Index(
                fields=["waiting_since", "customer"],
                condition=Q(waiting_since__isnull=False),
                name="conversation_waiting",
            ),
            models.Index(
                fields=["last_inbound_at", "customer"],
                include=["owner", "merged_into", "state", "business_number"],
                condition=Q(last_inbound_at__isnull=False),
                name="conversation_by_written",
            ),
            models.Index(
                fields=["state", "snoozed_until", "customer"], condition=~Q(state="open"), name="conversation_put_away"
            ),
            # How many chats there are: small, because all that are alike share an entry.
            models.Index(fields=["state", "owner"], condition=Q(merged_into=None), name="conversation_counted"),
            # What is asked of open ones, without the table.
            models.Index(
                fields=["owner", "customer"],
                include=["waiting_since", "unread_count", "last_inbound_at", "business_number"],
                condition=Q(merged_into=None, state="open"),
                name="conversation_open",
            ),
        ]

    def __str__(self) -> str:
        return f"chat with {customer_number(self.customer_id)}"


class Closing(models.Model):
    """That a chat was closed. What the customer writes next begins a new conversation."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="closings", db_index=False)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["customer", "at"], name="closing_of_customer")]

    def __str__(self) -> str:
        return f"chat with {customer_number(self.customer_id)} closed"


class Receipt(Leased):
    """Shows a customer that their messages were read and, if `typing`, that someone is typing.

    The row is a job while it is `due`, and each customer has one. Best effort: tried a few times, then dropped.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="receipt", primary_key=True)
    due = models.BooleanField(default=True)
    typing = models.BooleanField(default=False)
    # The newest message that was shown to the customer as read.
    shown = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["not_before"], condition=Q(due=True), name="receipt_due")]

    def __str__(self) -> str:
        return f"receipt for {self.customer_id}"
