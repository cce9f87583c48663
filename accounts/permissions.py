"""Which roles may call a view. Which rows they see is decided by `visible_to` of the querysets.

`roles` says in words whom `has_permission` lets through. The documentation of the API takes it from there.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request

if TYPE_CHECKING:
    # Only for types: importing it at run time loads the default permission, which is defined below.
    from rest_framework.views import APIView


class IsAdmin(BasePermission):
    """Admins."""

    roles: ClassVar[tuple[str, ...]] = ("admins",)

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.user.is_authenticated and request.user.is_admin


class IsSalesOrAdmin(BasePermission):
    """Salespeople and admins."""

    roles: ClassVar[tuple[str, ...]] = ("admins", "salespeople")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.user.is_authenticated and (request.user.is_admin or request.user.is_sales)


class IsAdminOrCustomer(BasePermission):
    """Admins, and customers for their own data. Not salespeople."""

    roles: ClassVar[tuple[str, ...]] = ("admins", "customers")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.user.is_authenticated and not request.user.is_sales


class OwnAccount(IsAuthenticated):
    """Everybody who is signed in, for their own account."""


class RightsByAction:
    """For viewsets: `rights` says who may call each action. An action that is not named there is for admins only."""

    rights: ClassVar[Mapping[str, type[BasePermission]]] = {}
    action: str

    def get_permissions(self) -> list[BasePermission]:
        # None for a method the viewset does not have, `metadata` for OPTIONS: neither shows anything of anybody.
        if not self.action or self.action == "metadata":
            return [IsAuthenticated()]
        return [self.rights.get(self.action, IsAdmin)()]
