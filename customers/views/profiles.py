"""`/api/customers/customers/`: customers and their accounts."""

from typing import Any

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_yasg.utils import no_body
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.users import confirm_password
from accounts.audit import audit
from accounts.authentication import user_of
from accounts.files import SessionFileView
from accounts.permissions import IsAdmin, IsAdminOrCustomer, OwnAccount
from core.documentation import documented
from core.pagination import FilteredPages
from core.spreadsheets import DelimiterSerializer, csv_lines
from core.throttles import Limit, client_address
from customers.actions.customers import erase_customer, set_state, update_profile
from customers.actions.loyalty import add_points, set_tier
from customers.export import archive
from customers.filters import CustomerFilter
from customers.models import Customer
from customers.models.customers import AVATARS
from customers.reports import Analytics, analytics, csv_rows
from customers.serializers.profiles import (
    CustomerStats,
    OwnProfileSerializer,
    ProfileRow,
    ProfileWriteSerializer,
    profiles_data,
    stats_data,
)
from customers.serializers.purchases import AddPointsSerializer, SetTierSerializer
from customers.versions import CustomersVersions
from customers.views.accounts import NO_CUSTOMER, AccountViewSet

_CHANGED = {200: ProfileRow, 429: "too many changes of the email address"}

ACCOUNT_CHECKS = Limit("THROTTLE_ACCOUNT_CHECKS")

_FILES = frozenset({"export", "export_one"})


class ProfileViewSet(CustomersVersions, AccountViewSet):
    """Profiles of customers. Admins manage all, sales read those of customers they own, customers manage their own."""

    # Whoever changes their own email enters their password.
    hashes_passwords = (*AccountViewSet.hashes_passwords, "update_profile", "update", "partial_update")

    queryset = Customer.objects.all()
    shape = ProfileRow
    filterset_class = CustomerFilter
    lookup_value_regex = r"\d{1,18}"
    rights = {
        **AccountViewSet.rights,
        "list": IsAdmin,
        "retrieve": IsAuthenticated,
        "update": IsAdminOrCustomer,
        "partial_update": IsAdminOrCustomer,
        "destroy": IsAdmin,
        "me": OwnAccount,
        "update_profile": OwnAccount,
        "stats": IsAuthenticated,
        "verify": IsAdmin,
        "make_vip": IsAdmin,
        "update_loyalty_tier": IsAdmin,
        "add_loyalty_points": IsAdmin,
        "deactivate": IsAdminOrCustomer,
        "reactivate": IsAdmin,
        "analytics": IsAdmin,
        "export": IsAdmin,
        "export_one": IsAdminOrCustomer,
    }

    def get_queryset(self) -> Any:
        return Customer.objects.visible_to(self.request.user).select_related("owner").order_by("-pk")

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # Exports are files, whatever the Accept header says.
        return super().perform_content_negotiation(request, force=force or self.action in _FILES)

    def list(self, request: Request) -> Response:
        """List all profiles, newest first."""
        profiles: Any = self.filter_queryset(self.get_queryset())
        filtered = request.query_params.keys() - {"page", "page_size", "count", "ordering"}
        page = self.paginate_queryset(FilteredPages(profiles) if filtered else profiles)  # type: ignore[arg-type]
        return self.get_paginated_response(profiles_data(page or [], request))

    def retrieve(self, request: Request, pk: str) -> Response:
        """Get a profile."""
        return self.shown(pk)

    @documented(
        request_body=ProfileWriteSerializer,
        responses={**_CHANGED, 403: "a field you may not change"},
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a profile. 403 if you may not change one of them; `detail` names it."""
        return self._write(self.customer(pk), ProfileWriteSerializer)

    @documented(
        request_body=ProfileWriteSerializer,
        responses={**_CHANGED, 403: "a field you may not change"},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Erase a customer. Everything about them goes too: their chat, files and login."""
        erase_customer(customer_id=int(pk), actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(responses={200: ProfileRow, 404: NO_CUSTOMER})
    @action(detail=False, pagination_class=None, filterset_class=None)
    def me(self, request: Request) -> Response:
        """Get your own profile. 404 if your login has no customer."""
        return self.shown(self.own().pk)

    @documented(method="put", request_body=OwnProfileSerializer, responses=_CHANGED | {404: NO_CUSTOMER})
    @documented(method="patch", request_body=OwnProfileSerializer, responses=_CHANGED | {404: NO_CUSTOMER})
    @action(detail=False, methods=["put", "patch"])
    def update_profile(self, request: Request) -> Response:
        """Change your own profile. Fields you may not change are ignored.

        Another email needs your `current_password`. Another phone is a claim until you prove it.
        """
        return self._write(self.own(), OwnProfileSerializer)

    @documented(responses={200: CustomerStats})
    @action(detail=True)
    def stats(self, request: Request, pk: str) -> Response:
        """Get statistics of a customer. What they have bought, in six figures."""
        return Response(stats_data(self.customer(pk)))

    @documented(request_body=no_body, responses={200: ProfileRow})
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """Mark the customer's email as verified."""
        return self._set(pk, is_verified=True)

    @documented(request_body=no_body, responses={200: ProfileRow})
    @action(detail=True, methods=["post"])
    def make_vip(self, request: Request, pk: str) -> Response:
        """Make the customer a VIP."""
        return self._set(pk, is_vip=True)

    @documented(request_body=SetTierSerializer, responses={200: ProfileRow})
    @action(detail=True, methods=["post"])
    def update_loyalty_tier(self, request: Request, pk: str) -> Response:
        """Set the loyalty tier. Without a tier: the one that total_spent has earned."""
        given = self.checked(SetTierSerializer)
        set_tier(customer_id=int(pk), actor=user_of(request), tier=given.get("loyalty_tier"), reason=given["reason"])
        return self.shown(pk)

    @documented(request_body=AddPointsSerializer, responses={200: ProfileRow})
    @action(detail=True, methods=["post"])
    def add_loyalty_points(self, request: Request, pk: str) -> Response:
        """Add loyalty points, or take some away. The balance never goes below zero."""
        add_points(customer_id=int(pk), actor=user_of(request), **self.checked(AddPointsSerializer))
        return self.shown(pk)

    @documented(request_body=no_body, responses={200: ProfileRow})
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: str) -> Response:
        """Deactivate the account. The customer is signed out and can no longer sign in."""
        return self._set(pk, is_active=False)

    @documented(request_body=no_body, responses={200: ProfileRow})
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: str) -> Response:
        """Reactivate the account. The customer can sign in again."""
        return self._set(pk, is_active=True)

    @documented(responses={200: Analytics})
    @action(detail=False, pagination_class=None, filterset_class=None)
    def analytics(self, request: Request) -> Response:
        """Get key figures about all customers."""
        return Response(analytics(Customer.objects.all()))

    @documented(
        produces=["text/csv", "application/json"], query_serializer=DelimiterSerializer, responses={200: "a CSV file"}
    )
    @action(detail=False, pagination_class=None)
    def export(self, request: Request) -> HttpResponseBase:
        """Export profiles as CSV. Takes the filters of the list.

        UTF-8 with a byte order mark, as Excel wants it. Texts that a spreadsheet would run as a formula get an
        apostrophe in front.
        """
        asked = DelimiterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        audit("customers_exported", actor=user_of(request))
        lines = csv_lines(csv_rows(self.filter_queryset(self.get_queryset())), **asked.validated_data)
        headers = {"Content-Disposition": 'attachment; filename="customers.csv"', "Cache-Control": "private, no-store"}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)

    @documented(produces=["application/zip", "application/json"], responses={200: "a ZIP of JSON and files"})
    @action(detail=True, url_path="export", pagination_class=None)
    def export_one(self, request: Request, pk: str) -> HttpResponseBase:
        """Export everything known about a customer. A ZIP of JSON and files. Customers get their own part of it."""
        customer = self.customer(pk)
        audit("customer_exported", customer, actor=user_of(request), customer=customer.pk)
        return FileResponse(
            archive(customer, for_themselves=not user_of(request).is_admin),
            as_attachment=True,
            filename=f"{customer.customer_id}.zip",
            headers={"Cache-Control": "private, no-store"},
        )

    def _write(self, customer: Customer, serializer_class: Any) -> Response:
        body = serializer_class(customer, data=self.request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        changes = dict(body.validated_data)
        password = changes.pop("current_password", None)
        if changes.get("email", customer.email) != customer.email:
            self._count_email_check()
            if customer.user_id == user_of(self.request).pk:
                confirm_password(user=user_of(self.request), password=password)
        update_profile(customer_id=customer.pk, actor=user_of(self.request), changes=changes)
        return self.shown(customer.pk)

    def _count_email_check(self) -> None:
        """The answer tells customers whether a login has an email: they may not ask about many. Raises Throttled."""
        user = user_of(self.request)
        if user.is_admin:
            return
        for key in (f"address {client_address(self.request)}", f"login {user.pk}"):
            if not ACCOUNT_CHECKS.take(key):
                raise Throttled(ACCOUNT_CHECKS.wait(key), "Too many changes of the email address.")

    def _set(self, pk: str, **changes: Any) -> Response:
        """Set flags that the rights of this action allow to set."""
        set_state(customer_id=int(pk), actor=user_of(self.request), **changes)
        return self.shown(pk)


class AvatarView(SessionFileView):
    """`/media/avatars/...`"""

    model = Customer
    prefix = AVATARS
    file_field = "avatar"
