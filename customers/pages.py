"""The pages of lists of what belongs to customers: their contacts, addresses and assignments."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.utils.functional import cached_property

from core.pagination import FilteredPages, estimate
from customers.models import Customer
from customers.visibility import DeskQuery

_DESK = DeskQuery(lambda user: Customer.objects.at_desk_of(user).order_by().values("pk"))


class VisiblePages(FilteredPages):
    """Pages of those of `rows` that `user` may see, in their order; `filtered` says whether filters chose them.

    Admins see all but the few whose customer was merged into another one. Far down a list these are found first:
    asking for each row whose it is reads the table instead of an index. Of salespeople the customers are found first,
    and then their rows, by an index that begins with the customer: PostgreSQL would rather read everybody's. Where it
    expects more than MOST_OF_DESK customers, it is right: finding them takes longer than the page.
    """

    MOST_OF_MERGED = 1_000
    MOST_OF_DESK = 30_000

    def __init__(self, rows: Any, user: Any, *, filtered: bool, keys: Any = None) -> None:
        self.everything = rows if keys is None else keys
        self.visible = self.everything.visible_to(user)
        super().__init__(rows.visible_to(user), keys=self._of_desk(user) if user.is_sales else self.visible)
        self.user, self.filtered = user, filtered

    def count(self, *, at_most: int | None = None) -> int:
        if at_most is None and self.user.is_admin and self._few is None and connection.vendor == "postgresql":
            seen: int = self.everything.order_by().count() - self._of_merged.count()
            return seen
        return super().count(at_most=at_most)

    @property
    def far_keys(self) -> Any:
        if not self.user.is_admin:
            return self.keys
        left_out = list(self._of_merged.values_list("pk", flat=True)[: self.MOST_OF_MERGED + 1])
        if len(left_out) > self.MOST_OF_MERGED:
            return self.keys
        return self.everything.exclude(pk__in=left_out) if left_out else self.everything

    def _of_desk(self, user: Any) -> Any:
        if connection.vendor != "postgresql" or _DESK.estimate(user) > self.MOST_OF_DESK:
            return self.visible
        return self.everything.filter(customer__any=ArraySubquery(Customer.objects.at_desk_of(user).values("pk")))

    @property
    def _of_merged(self) -> Any:
        return self.everything.order_by().filter(customer__merged_into__isnull=False)

    @cached_property
    def _estimate(self) -> int:
        # PostgreSQL does not look into an array.
        return estimate(self.visible.order_by().values("pk"))

    def _counted_soon(self) -> int:
        return super()._counted_soon() if self.filtered else self.keys.order_by()[: self.SOON].count()

    @cached_property
    def _few(self) -> list[Any] | None:
        return super()._few if self.filtered else None
