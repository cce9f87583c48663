from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from customers.models import Customer
from messaging.models import BusinessNumber, Conversation, Message

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

Chat = Callable[..., Message]


@pytest.fixture
def chat(db: None) -> Chat:
    """Give a customer a conversation with one inbound message."""

    def write(customer: Customer, text: str = "Hello", at: datetime = WHEN, unread: int = 1) -> Message:
        number, _ = BusinessNumber.objects.get_or_create(transport="whatsapp", external_id="1")
        message = Message.objects.create(
            customer=customer,
            business_number=number,
            direction="inbound",
            text=text,
            status="received",
            created_at=at,
            ordered_at=at,
            wamid=f"w{customer.pk}",
        )
        Conversation.objects.create(
            customer=customer, business_number=number, unread_count=unread, last_message=message, last_inbound_at=at
        )
        Customer.objects.filter(pk=customer.pk).update(desk_at=at)
        return message

    return write
