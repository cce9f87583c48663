"""The chat with a customer as a whole, and the receipts they are shown."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from core.db.leases import Leased
from customers.models import Customer


class Conversation(models.Model):
    """The one chat with a customer, on the number they last wrote to."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="conversation", primary_key=True)
    business_number = models.ForeignKey("BusinessNumber", on_delete=models.PROTECT, related_name="+")
    unread_count = models.PositiveIntegerField(default=0)
    last_message = models.ForeignKey("Message", null=True, on_delete=models.SET_NULL, related_name="+")
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    # The provider's address of the person who wrote last: the customer or one of their contacts.
    last_address = models.CharField(max_length=150, null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["unread_count", "customer"], condition=Q(unread_count__gt=0), name="conversation_unread"
            )
        ]

    def __str__(self) -> str:
        return f"chat with {self.customer_id}"


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
