"""`/api/assignments/`, and the assignments of one customer."""

from typing import Any

from rest_framework import mixins, status, viewsets
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin, RightsByAction
from core.documentation import documented
from core.idempotency import AnswersOnce
from core.shapes import Page
from customers.actions.assignments import assign, end_assignment, refuse_owner
from customers.filters import AssignmentFilter
from customers.models import Assignment, Customer
from customers.pages import VisiblePages
from customers.serializers.assignments import (
    AssignmentSerializer,
    AssignSerializer,
    assignment_data,
)
from customers.versions import CustomersVersions
from messaging.desk.routing_view import Routing, routing_of


class AssignmentViewSet(
    CustomersVersions,
    AnswersOnce,
    RightsByAction,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Assignment],
):
    """Which salesperson has which customer, now and in the past.

    retrieve: Get one assignment.
    """

    queryset = Assignment.objects.all()
    serializer_class = AssignmentSerializer
    rights = dict.fromkeys(("list", "retrieve", "create", "destroy"), IsSalesOrAdmin)
    filterset_class = AssignmentFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        return Assignment.objects.visible_to(self.request.user).newest_first()

    @documented(responses={200: Page[AssignmentSerializer]})
    def list(self, request: Request) -> Response:
        """List assignments, newest first."""
        assignments = self.filter_queryset(Assignment.objects.newest_first())
        filtered = bool(request.query_params.keys() - {"page", "page_size", "count"})
        pages: Any = VisiblePages(assignments, request.user, filtered=filtered)
        rows = self.paginate_queryset(pages)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @documented(request_body=AssignSerializer, responses={201: AssignmentSerializer, 200: Routing})
    def create(self, request: Request) -> Response:
        """Assign a customer to a salesperson. Sales can hand over customers they own, managers those of their team.

        With `dry_run` nothing is changed: the answer says who would get the customer, and why. Without `salesperson`
        that is whoever routing would choose.
        """
        body = AssignSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        given = body.validated_data
        if given["dry_run"]:
            named = given.get("salesperson")
            if named is not None:
                refuse_owner(given["customer"], named)
            return Response(routing_of(given["customer"], named=named))
        assignment = assign(
            customer_id=given["customer"].pk,
            salesperson=given["salesperson"],
            actor=user_of(request),
            note=given["note"],
        )
        return Response(assignment_data(assignment), status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """End an assignment. The customer then has no owner. 400 if it has already ended."""
        end_assignment(assignment=self.get_object(), actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class CustomerAssignmentsView(ListAPIView[Assignment]):
    """List the assignments of one customer, newest first."""

    queryset = Assignment.objects.all()
    serializer_class = AssignmentSerializer
    permission_classes = [IsSalesOrAdmin]
    filter_backends = []

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Assignment.objects.none()
        customer = Customer.objects.at_desk_of(self.request.user).or_404(self.kwargs["customer_id"])
        return customer.assignments.newest_first()
