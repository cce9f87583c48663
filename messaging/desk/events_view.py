"""`/api/customers/{id}/events/`: what sockets say, for clients without one."""

from typing import Annotated, TypedDict

from drf_yasg import openapi
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from core.files.links import links_for
from core.filters import whole_number
from customers.events import Frame, frame_of
from customers.models import Customer, Event
from messaging.serializers.messages import render_frame

MAX_EVENTS = 500


class Events(TypedDict):
    """What happened to a customer after some event."""

    results: list[Frame]
    last_seq: Annotated[int, "the `seq` of the customer's newest event"]
    has_more: bool


class CustomerEventsView(APIView):
    """What happened to a customer, as the chat socket says it. For clients without a socket."""

    permission_classes = [IsSalesOrAdmin]

    @documented(
        manual_parameters=[
            openapi.Parameter(
                "after",
                openapi.IN_QUERY,
                type=openapi.TYPE_INTEGER,
                minimum=0,
                description="the `seq` of the last event you have",
            )
        ],
        responses={200: Events},
    )
    def get(self, request: Request, customer_id: str) -> Response:
        """List what happened to a customer. The events after the number `after`, oldest first, at most 500 at once."""
        after = _after(request)
        customer = Customer.objects.at_desk_of(request.user).or_404(customer_id)
        events = list(Event.objects.after(customer.pk, after)[: MAX_EVENTS + 1])
        links = links_for(request)
        results = [render_frame(frame_of(event), links) for event in events[:MAX_EVENTS]]
        # The events were read after the customer, so there may be newer ones among them.
        last_seq = max([customer.last_seq, *(event.seq for event in events)])
        return Response(Events(results=results, last_seq=last_seq, has_more=len(events) > MAX_EVENTS))


def _after(request: Request) -> int:
    after = whole_number(request.query_params.get("after", "0"))
    if after is None:
        raise ValidationError({"after": ["A valid integer is required."]})
    return after
