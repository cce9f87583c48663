"""The tags given to a customer: how they are exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from django.db.models import QuerySet

from customers.keepers import Keeper, Merged, Moved
from customers.models import Customer, Merge
from tags.actions.customer_tags import record_moved_tags


class GivenTags(Keeper):
    """Tags given to a customer, each once."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def data(self, customer: Customer) -> Any:
        """Names and dates. Ids mean nothing outside of Patter."""
        return list(self.rows(customer).order_by("pk").values("tag__name", "created_at"))

    def movable(self, *, into: Customer, gone: Customer) -> "QuerySet[Any]":
        """Tags that `into` does not have."""
        return self.rows(gone).exclude(tag__in=self.rows(into).values("tag"))

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """Tell who watches the chat of `into` about their new tags."""
        moved = super().merge(into=into, gone=gone)
        record_moved_tags(into, self.rows(into).filter(pk__in=moved["ids"]), added=True)
        return moved

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """Tell who watches the chat of `into` about the tags they had from `gone`."""
        ids = list(self.rows(into).filter(pk__in=merge.moved_of(self.relation)["ids"]).values_list("pk", flat=True))
        super().undo(into=into, gone=gone, merge=merge)
        record_moved_tags(into, self.rows(gone).filter(pk__in=ids), added=False)


KEEPERS = (GivenTags("given_tags", file="tags"),)
