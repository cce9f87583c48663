"""Who may see a customer and everything that belongs to one. Nothing else in Patter decides this."""

from typing import Any

from django.db import models
from django.db.models import Q

_NOBODY = Q(pk__in=[])


def visible(user: Any, *, prefix: str = "", own: bool = False) -> Q:
    """The condition for rows that `user` may see: admins see all, sales those of customers they own.

    `prefix` leads from the rows to their customer (`customer__`); it is empty for customers themselves. With `own`,
    users who are customers see what is theirs. Without it they see nothing, as on the sales desk.
    """
    if not user.is_authenticated:
        return _NOBODY
    if user.is_admin:
        # What was not moved when two customers were merged belongs to the row that is shown nowhere. Customer.objects
        # leaves out that row itself, and saying so twice would cost the list an index.
        return Q(**{f"{prefix}merged_into": None}) if prefix else Q()
    if user.is_sales:
        return Q(**{f"{prefix}owner": user})
    return Q(**{f"{prefix}user": user}) if own else _NOBODY


def has_on_desk(user: Any, owner_id: int | None) -> bool:
    """The same rule for one customer whose owner is known. It needs no query: sockets ask it for every frame."""
    return bool(user.is_admin or (user.is_sales and owner_id == user.pk))


def works_at_desk(user: Any) -> bool:
    """Whether `user` has a sales desk at all: admins and sales do, customers do not."""
    return bool(user.is_admin or user.is_sales)


class FollowsCustomer(models.QuerySet[Any]):
    """Rows that belong to a customer and are only for the sales desk."""

    customer_prefix = "customer__"
    shown_to_customers = False

    def visible_to(self, user: Any) -> Any:
        """The rows of customers that `user` may see."""
        return self.filter(visible(user, prefix=self.customer_prefix, own=self.shown_to_customers))


class OwnCustomer(FollowsCustomer):
    """Rows that belong to a customer and that the customer may see too."""

    shown_to_customers = True
