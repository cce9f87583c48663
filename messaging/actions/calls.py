"""Calls of customers, as far as a chat shows them. They take place elsewhere."""

from django.db.models import Q
from django.utils import timezone

from customers.models import Customer
from messaging.actions.receiving import receive_message, receive_notice
from messaging.channels import Inbound
from messaging.models import BusinessNumber, Conversation


def receive_call(*, customer: Customer, number: BusinessNumber, inbound: Inbound, answered: bool) -> int | None:
    """`receive_message` for a call that a customer made. One that nobody answered is unread: somebody has to call back.

    Either opens the service window, as if they had written.
    """
    if not answered:
        return receive_message(customer=customer, number=number, inbound=inbound)
    new = receive_notice(customer=customer, number=number, inbound=inbound)
    if new is not None:
        earlier = Conversation.objects.filter(Q(last_inbound_at=None) | Q(last_inbound_at__lt=inbound.at))
        earlier.filter(customer=customer).update(
            last_inbound_at=min(inbound.at, timezone.now()), last_address=inbound.address, business_number=number
        )
    return new
