"""`/api/customers/`: the list of the sales desk, and one customer."""

from typing import Any

from drf_yasg.utils import no_body
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.authentication import user_of
from accounts.permissions import IsAdmin, IsSalesOrAdmin, RightsByAction
from core.documentation import documented
from core.files.links import links_for
from core.idempotency import AnswersOnce
from customers.actions.customers import create_customer, erase_customer, update_customer
from customers.actions.phones import confirm_phone
from customers.models import Customer, CustomerQuerySet, Source
from customers.serializers.customers import CustomerWriteSerializer
from customers.versions import CustomersVersions
from messaging.desk.filters import DeskFilter
from messaging.desk.rows import (
    NEWEST_CONVERSATION_FIRST,
    DeskCustomer,
    WholeDesk,
    desk_row,
    new_desk_row,
    shown_to,
)
from tags.models import tags_of_new


class DeskViewSet(CustomersVersions, AnswersOnce, RightsByAction, GenericViewSet[Customer]):
    """Customers with their chat: sales see their own, admins all."""

    queryset = Customer.objects.all()
    shape = DeskCustomer
    rights = {
        "list": IsSalesOrAdmin,
        "create": IsSalesOrAdmin,
        "retrieve": IsSalesOrAdmin,
        "update": IsSalesOrAdmin,
        "partial_update": IsSalesOrAdmin,
        "destroy": IsAdmin,
        "confirm_phone": IsSalesOrAdmin,
    }
    filterset_class = DeskFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> CustomerQuerySet:
        return Customer.objects.at_desk_of(self.request.user).order_by(*NEWEST_CONVERSATION_FIRST)

    def get_object(self) -> Customer:
        return Customer.objects.at_desk_of(self.request.user).select_related("owner").or_404(self.kwargs["pk"])

    def list(self, request: Request) -> Response:
        """List the customers of the desk, those with the newest message first."""
        filtered = request.query_params.keys() - {"page", "page_size"}
        pages: Any = self.filter_queryset(self.get_queryset()) if filtered else WholeDesk(request.user)
        rows: Any = self.paginate_queryset(pages)
        links = links_for(request)
        return self.get_paginated_response([shown_to(row, links) for row in rows])

    @documented(request_body=CustomerWriteSerializer, responses={201: DeskCustomer})
    def create(self, request: Request) -> Response:
        """Add a customer. One whom a salesperson adds is theirs."""
        body = CustomerWriteSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        # Before, so that nothing can fail between the commit and the answer: "nothing was changed" would not be true.
        tags = tags_of_new(body.validated_data.get("source", Source.MANUAL))
        customer = create_customer(actor=user_of(request), **body.validated_data)
        return Response(new_desk_row(customer, tags), status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Get one customer, as the list shows them."""
        # The object only to say why there is no row.
        links = links_for(request)
        row = desk_row(int(pk), links=links, user=request.user)
        return Response(row or desk_row(self.get_object().pk, links=links))

    @documented(request_body=CustomerWriteSerializer, responses={200: DeskCustomer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a customer. Only the fields that are given change.

        Sales can change the name and the notes; the 403 for others names them.
        """
        body = CustomerWriteSerializer(self.get_object(), data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        customer = update_customer(customer_id=int(pk), actor=user_of(request), changes=body.validated_data)
        return Response(desk_row(customer.pk, links=links_for(request)))

    @documented(request_body=CustomerWriteSerializer, responses={200: DeskCustomer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Erase a customer. Everything that belongs to them goes too, files included."""
        erase_customer(customer_id=int(pk), actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(
        request_body=no_body,
        responses={200: DeskCustomer, 400: "there is nothing to confirm, or somebody else has the phone"},
    )
    @action(detail=True, methods=["post"], url_path="confirm-phone")
    def confirm_phone(self, request: Request, pk: str) -> Response:
        """Confirm a phone. You vouch for the one that the customer entered, or for theirs again.

        Messages from it then reach this chat.
        """
        customer = confirm_phone(customer_id=int(pk), actor=user_of(request))
        return Response(desk_row(customer.pk, links=links_for(request)))
