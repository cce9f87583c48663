"""`/api/customers/addresses/`"""

from typing import Any

from drf_yasg.utils import no_body
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import user_of
from accounts.permissions import IsAdminOrCustomer, RightsByAction
from core.documentation import documented
from core.idempotency import AnswersOnce
from core.shapes import Page
from customers.actions.addresses import create_address, delete_address, set_default_address, update_address
from customers.filters import AddressFilter
from customers.models import Address, Customer
from customers.pages import VisiblePages
from customers.serializers.addresses import AddressSerializer
from customers.versions import CustomersVersions


class AddressViewSet(
    CustomersVersions,
    AnswersOnce,
    RightsByAction,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Address],
):
    """Billing and shipping addresses. Customers manage their own, admins all; sales can read their customers' ones.

    retrieve: Get one address.
    """

    queryset = Address.objects.all()
    serializer_class = AddressSerializer
    filterset_class = AddressFilter
    lookup_value_regex = r"\d{1,18}"
    rights = {
        "list": IsAuthenticated,
        "retrieve": IsAuthenticated,
        "create": IsAdminOrCustomer,
        "update": IsAdminOrCustomer,
        "partial_update": IsAdminOrCustomer,
        "destroy": IsAdminOrCustomer,
        "set_default": IsAdminOrCustomer,
    }

    def get_queryset(self) -> Any:
        return Address.objects.visible_to(self.request.user)

    @documented(responses={200: Page[AddressSerializer]})
    def list(self, request: Request) -> Response:
        """List addresses, newest first."""
        addresses = self.filter_queryset(Address.objects.order_by("-created_at", "-pk"))
        filtered = bool(request.query_params.keys() - {"page", "page_size", "count", "ordering"})
        pages: Any = VisiblePages(addresses, request.user, filtered=filtered)
        rows = self.paginate_queryset(pages)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @documented(request_body=AddressSerializer, responses={201: AddressSerializer})
    def create(self, request: Request) -> Response:
        """Create an address. The first of its type becomes the default. Admins name the customer."""
        body = AddressSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        customer = given.pop("customer", None) or Customer.objects.filter(user=user_of(request)).first()
        if customer is None:
            raise ValidationError({"customer": ["This field is required."]})
        address = create_address(customer_id=customer.pk, actor=user_of(request), **given)
        return Response(self.get_serializer(address).data, status=status.HTTP_201_CREATED)

    @documented(request_body=AddressSerializer(partial=True), responses={200: AddressSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change an address. It stays with its customer."""
        address = self.get_object()
        body = AddressSerializer(address, data=request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        changes = dict(body.validated_data)
        if changes.pop("customer", address.customer).pk != address.customer_id:
            raise ValidationError({"customer": ["An address cannot be moved to another customer."]})
        changed = update_address(address=address, actor=user_of(request), changes=changes)
        return Response(self.get_serializer(changed).data)

    @documented(request_body=AddressSerializer(partial=True), responses={200: AddressSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an address. If it was the default, the oldest one left of its type becomes the default."""
        delete_address(address=self.get_object(), actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(request_body=no_body, responses={200: AddressSerializer})
    @action(detail=True, methods=["post"])
    def set_default(self, request: Request, pk: str) -> Response:
        """Make an address the default of its type."""
        address = set_default_address(address=self.get_object(), actor=user_of(request))
        return Response(self.get_serializer(address).data)
