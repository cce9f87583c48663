"""The tags given to a customer: how they are exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from customers.models import Customer
from customers.related import Keeper, Merged
from tags.actions.customer_tags import take_over


class GivenTags(Keeper):
    """Tags given to a customer, each once."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def data(self, customer: Customer) -> Any:
        """Names and dates. Ids mean nothing outside of Patter."""
        return list(self.rows(customer).order_by("pk").values("tag__name", "created_at"))

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Tags that both customers have do not move."""
        return take_over(into=into, gone=gone)


KEEPERS = (GivenTags("given_tags", file="tags"),)
