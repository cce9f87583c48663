"""Who may call an operation, in words, from what decides it: the permission classes and the queryset of its view."""

import re
from typing import Any

from rest_framework.permissions import AllowAny, IsAuthenticated

from accounts.permissions import OwnAccount
from customers.models import CustomerQuerySet
from customers.visibility import FollowsCustomer

_ADMINS, _SALES, _CUSTOMERS = "admins", "salespeople", "customers"
_LIMITED = {_SALES: "salespeople for their own customers", _CUSTOMERS: "customers for themselves"}


def is_public(view: Any) -> bool:
    """Whether nobody needs to sign in to call this."""
    return any(isinstance(right, AllowAny) for right in view.get_permissions())


def who_may_call(view: Any, path: str) -> str:
    """Such as `admins, and salespeople for their own customers`."""
    (right,) = view.get_permissions()
    if isinstance(right, AllowAny):
        return "everybody, without signing in"
    if isinstance(right, OwnAccount):
        return "everybody who is signed in, for their own account"
    roles = (_ADMINS, _SALES, _CUSTOMERS) if type(right) is IsAuthenticated else right.roles
    if roles == (_ADMINS,):
        return "admins"
    queryset = getattr(view, "queryset", None)
    if getattr(queryset, "of_its_author", False):
        return f"{_listed(roles)}, each for what they wrote themselves"
    if _is_limited(queryset, path):
        return _listed(tuple(_LIMITED.get(role, role) for role in roles), separator=", ")
    return "everybody who is signed in" if len(roles) > 2 else _listed(roles)


def _is_limited(queryset: Any, path: str) -> bool:
    """Whether the rows belong to customers, whom not everybody may see."""
    if re.search(r"/customers?/\{", path) or isinstance(queryset, FollowsCustomer | CustomerQuerySet):
        return True
    return queryset is None and "customer" in path


def _listed(words: tuple[str, ...], separator: str = " ") -> str:
    *first, last = words
    return f"{', '.join(first)}{separator}and {last}"
