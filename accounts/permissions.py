"""Which roles may call a view. Which rows they see is for `visible_to` to say."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class IsAdmin(BasePermission):
    """Admins only."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.is_authenticated and request.user.is_admin


class IsSalesOrAdmin(BasePermission):
    """The staff of the desk."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.is_authenticated and (request.user.is_admin or request.user.is_sales)


class IsAdminOrCustomer(BasePermission):
    """Admins, and customers for themselves: what is not the desk's to do."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.is_authenticated and not request.user.is_sales
