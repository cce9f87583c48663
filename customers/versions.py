"""Versions of customers, and of what belongs to one."""

from typing import Any

from core.versions import KnowsVersions
from customers.actions.locking import lock
from customers.models import Customer


class CustomersVersions(KnowsVersions):
    """KnowsVersions for what is changed under the lock of a customer."""

    def hold(self, pk: int) -> None:
        """Lock the customer to whom the row belongs, or who is the row. Raises Http404."""
        model: Any = self.queryset.model  # type: ignore[attr-defined]
        customer_id = pk
        if model is not Customer:
            customer_id = model._default_manager.filter(pk=pk).values_list("customer_id", flat=True).first() or 0
        lock(customer_id)
