"""Who may see a customer, and with them everything that hangs off one. The rule stands here and nowhere else."""

from typing import Any

from django.db import models
from django.db.models import Q

_NOBODY = Q(pk__in=[])


def visible(user: Any, *, prefix: str = "", own: bool = False) -> Q:
    """The condition for rows that `user` may see: admins all, sales those of customers they own.

    `prefix` is the way from the rows to their customer (`customer__`), empty for customers themselves. With `own`
    people who are customers see what is theirs; without it they see nothing, as at the sales desk.
    """
    if not user.is_authenticated:
        return _NOBODY
    if user.is_admin:
        return Q()
    if user.is_sales:
        return Q(**{f"{prefix}owner": user})
    return Q(**{f"{prefix}user": user}) if own else _NOBODY


def has_on_desk(user: Any, owner_id: int | None) -> bool:
    """The same rule for one customer whose owner is known: sockets ask it for every frame, without a query."""
    return bool(user.is_admin or (user.is_sales and owner_id == user.pk))


def works_at_desk(user: Any) -> bool:
    """Whether `user` has a sales desk at all: admins and sales do, customers do not."""
    return bool(user.is_admin or user.is_sales)


class FollowsCustomer(models.QuerySet[Any]):
    """Rows that hang off a customer, and are for the sales desk alone."""

    customer_prefix = "customer__"
    shown_to_customers = False

    def visible_to(self, user: Any) -> Any:
        """The rows of customers whom `user` may see."""
        return self.filter(visible(user, prefix=self.customer_prefix, own=self.shown_to_customers))


class OwnCustomer(FollowsCustomer):
    """Rows that hang off a customer and are also that customer's own to see."""

    shown_to_customers = True
