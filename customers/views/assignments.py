"""Assignments, and what happened to a customer."""

from typing import Any

from django.http import Http404
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin
from core.file_links import links_for
from core.filters import MAX_ID
from customers.actions import assign, end_assignment
from customers.events import frame_of, render_frame
from customers.filters import AssignmentFilter
from customers.models import Assignment, Customer, Event
from customers.serializers import AssignmentSerializer, AssignSerializer, EventsSerializer, assignment_data

MAX_EVENTS = 500


class AssignmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Assignment]):
    """Who sells to whom, now and before."""

    queryset = Assignment.objects.all()
    serializer_class = AssignmentSerializer
    permission_classes = [IsSalesOrAdmin]
    filterset_class = AssignmentFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        return Assignment.objects.visible_to(self.request.user).newest_first()

    @swagger_auto_schema(request_body=AssignSerializer, responses={201: AssignmentSerializer})
    def create(self, request: Request) -> Response:
        """Assign a customer to a salesperson. Sales hand over one of their own."""
        body = AssignSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        given = body.validated_data
        assignment = assign(
            customer_id=given["customer"].pk,
            salesperson=given["salesperson"],
            actor=user_of(request),
            note=given["note"],
        )
        return Response(assignment_data(assignment), status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """End an assignment. 400 when it has ended already."""
        end_assignment(assignment=self.get_object(), actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class CustomerAssignmentsView(ListAPIView[Assignment]):
    """Everybody who sold to a customer, newest first."""

    queryset = Assignment.objects.all()
    serializer_class = AssignmentSerializer
    permission_classes = [IsSalesOrAdmin]
    filter_backends = []

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Assignment.objects.none()
        customer = _customer_on_desk(self.request, self.kwargs["customer_id"])
        return customer.assignments.newest_first()


class CustomerEventsView(APIView):
    """What happened to a customer: what sockets say, for whoever has none."""

    permission_classes = [IsSalesOrAdmin]

    @swagger_auto_schema(
        manual_parameters=[
            openapi.Parameter("after", openapi.IN_QUERY, type=openapi.TYPE_INTEGER, description="the last seq you have")
        ],
        responses={200: EventsSerializer},
    )
    def get(self, request: Request, customer_id: str) -> Response:
        """Events numbered above `after`, oldest first, at most 500."""
        after = _after(request)
        customer = _customer_on_desk(request, customer_id)
        events = list(Event.objects.after(customer.pk, after)[: MAX_EVENTS + 1])
        links = links_for(request)
        results = [render_frame(frame_of(event), links) for event in events[:MAX_EVENTS]]
        # The events were read later than the customer, and may know of more.
        last_seq = max([customer.last_seq, *(event.seq for event in events)])
        return Response({"results": results, "last_seq": last_seq, "has_more": len(events) > MAX_EVENTS})


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_ID):
        raise ValidationError({"after": ["A valid integer is required."]})
    return int(text)


def _customer_on_desk(request: Request, customer_id: str) -> Customer:
    customer = Customer.objects.at_desk_of(request.user).filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer
