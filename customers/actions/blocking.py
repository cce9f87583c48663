"""Blocking customers. The provider's app asks the provider for it, and says here what became of that."""

from datetime import datetime
from typing import Any

from accounts.models import User
from customers.events import record
from customers.models import Customer
from customers.serializers.customers import customer_event_data


def note_blocked(
    customer: Customer,
    *,
    blocked_at: datetime | None,
    error: dict[str, Any] | None = None,
    actor: User | None = None,
    verb: str | None = None,
) -> None:
    """Store since when a customer, locked by this transaction, is blocked; None: they are not.

    `error` says why the provider did not do what it was asked. Records `customer_updated` if anything changed.
    """
    if customer.blocked_at == blocked_at and customer.block_error == error:
        return
    customer.blocked_at, customer.block_error = blocked_at, error
    customer.save(update_fields=["blocked_at", "block_error", "updated_at"])
    record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb=verb)
