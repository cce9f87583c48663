"""Who may see a customer and everything that belongs to one. Nothing else in Patter decides this.

`visible` says it in a query, `has_on_desk` for one customer whose owner is known.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.db.compiled import Compiled, Param
from core.folding import FoldedQuerySet

_NOBODY = Q(pk__in=[])


def visible(user: Any, *, prefix: str = "", own: bool = False, copied: bool = False) -> Q:
    """The condition for rows that `user` may see: admins see all, sales those of customers they own.

    Managers of a team are sales who also see those of customers whom its members own (`User.leads`). With
    SALES_SEE_UNASSIGNED, sales also see those of customers whom nobody owns.

    `prefix` leads from the rows to their customer (`customer__`); it is empty for customers themselves. With `own`,
    users who are customers see what is theirs. Without it they see nothing, as on the sales desk. `copied` is for rows
    that have the customer's `owner` and `merged_into` themselves, behind `prefix` (chats).
    """
    if not user.is_authenticated:
        return _NOBODY
    if user.is_admin and not copied:
        return _of_no_merged_row(prefix)
    # What was not moved when two customers were merged belongs to the row that is shown nowhere. Customer.objects
    # leaves out that row itself, and saying so twice would cost the list an index.
    shown = Q(**{f"{prefix}merged_into": None}) if prefix or copied else Q()
    if user.is_admin:
        return shown
    if user.is_sales:
        # That row has no owner; but the index of an owner's customers is only for what says so.
        theirs = Q(**{f"{prefix}owner__any": user.desk_owners}) if user.leads else Q(**{f"{prefix}owner": user})
        if user.sees_unassigned:
            theirs |= Q(**{f"{prefix}owner__isnull": True})
        return theirs & shown
    return Q(**{f"{prefix}user": user}) if own else _NOBODY


def _of_no_merged_row(prefix: str) -> Q:
    """The same for who sees everybody: so said, it reads the few rows that were merged instead of all customers."""
    if not prefix:
        return Q()
    customers: Any = apps.get_model("customers", "Customer")
    merged = customers.all_rows.filter(pk=OuterRef(prefix.removesuffix("__")), merged_into__isnull=False)
    return Q(~Exists(merged))


def has_on_desk(user: Any, owner_id: int | None) -> bool:
    """The same rule for one customer whose owner is known. It needs no query: sockets ask it for every frame."""
    if user.is_admin or not user.is_sales:
        return bool(user.is_admin)
    return bool(owner_id == user.pk or owner_id in user.leads or (owner_id is None and user.sees_unassigned))


def works_at_desk(user: Any) -> bool:
    """Whether `user` has a sales desk at all: admins and sales do, customers do not."""
    return bool(user.is_admin or user.is_sales)


class DeskQuery:
    """A query of the sales desk that is compiled once for each kind of user (core/db/compiled.py).

    `declare` takes the `user` for whom it is, and whatever else, as for Compiled. Users without a desk see nothing.
    """

    def __init__(
        self, declare: Callable[..., models.QuerySet[Any]], *, window: bool = False, params: Iterable[Param] = ()
    ) -> None:
        self._for = {role: Compiled(declare, window=window, params=[*params, role("user")]) for role in _ROLES}

    def __call__(self, user: Any, **values: Any) -> list[Any]:
        """The rows that `user` may see."""
        role = role_of(user)
        return [] if role is None else self._for[role](**role.given(user), **values)

    def first(self, user: Any, **values: Any) -> Any | None:
        """The first row that `user` may see, or None."""
        return next(iter(self(user, **values)), None)

    def count(self, user: Any, **values: Any) -> int:
        """How many rows `user` may see."""
        role = role_of(user)
        return 0 if role is None else self._for[role].count(**role.given(user), **values)

    def estimate(self, user: Any, **values: Any) -> int:
        """About how many rows `user` may see (PostgreSQL)."""
        role = role_of(user)
        return 0 if role is None else self._for[role].estimate(**role.given(user), **values)


class _Role(Param):
    """The place of a login of which only the role is known."""

    is_authenticated = True
    is_admin = is_sales = leads = sees_unassigned = False

    @staticmethod
    def given(user: Any) -> dict[str, Any]:
        """What takes the places of such a login, by the names of the parameters."""
        return {"user": user.pk}


class _Admin(_Role):
    is_admin = True


class _Seller(_Role):
    is_sales = True


class _Manager(_Role):
    is_sales = leads = True

    desk_owners = Param("owners")

    @staticmethod
    def given(user: Any) -> dict[str, Any]:
        return {"user": user.pk, "owners": user.desk_owners}


class _OpenSeller(_Seller):
    sees_unassigned = True


class _OpenManager(_Manager):
    sees_unassigned = True


_ROLES: tuple[type[_Role], ...] = (_Admin, _Seller, _Manager, _OpenSeller, _OpenManager)


def role_of(user: Any) -> type[_Role] | None:
    """For which kind of user a query is compiled that `user` asks; None for users without a desk."""
    if not user.is_authenticated or not works_at_desk(user):
        return None
    if user.is_admin:
        return _Admin
    if user.sees_unassigned:
        return _OpenManager if user.leads else _OpenSeller
    return _Manager if user.leads else _Seller


class FollowsCustomer(FoldedQuerySet[Any]):
    """Rows that belong to a customer and are only for the sales desk."""

    customer_prefix = "customer__"
    shown_to_customers = False
    # Whether everybody sees only what they wrote themselves.
    of_its_author = False

    def visible_to(self, user: Any) -> Any:
        """The rows of customers that `user` may see."""
        return self.filter(visible(user, prefix=self.customer_prefix, own=self.shown_to_customers))


class OwnCustomer(FollowsCustomer):
    """Rows that belong to a customer and that the customer may see too."""

    shown_to_customers = True
