"""The tags given to a customer: what becomes of them in exports, merges and erasure (setting PERSONAL_DATA)."""

from typing import Any

from customers.models import Customer
from customers.related import Given, Keeper, Merged
from tags.actions.customer_tags import take_over


class GivenTags(Keeper):
    """A customer has a tag once."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def data(self, customer: Customer) -> Any:
        """Names and dates: ids mean nothing outside of Patter."""
        return list(self.rows(customer).order_by("pk").values("tag__name", "created_at"))

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Tags that both have stay as `into` has them."""
        return take_over(into=into, gone=gone)


KEEPERS = (GivenTags("given_tags", file="tags", given=Given.ALWAYS),)
