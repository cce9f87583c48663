"""`/api/customers/{id}/claim/`, `routing/` and `access/`: taking a customer, who would get them, and who sees them."""

from typing import Annotated, TypedDict

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.models import Availability, User
from accounts.permissions import IsAdmin, IsSalesOrAdmin
from accounts.serializers import user_ref
from core import calls
from core.documentation import documented
from core.error_codes import CODES
from core.files.links import links_for
from core.filters import id_in_path
from core.shapes import OneOf, Ref
from customers.access import Access, who_sees
from customers.actions.assignments import claim
from customers.models import Customer
from messaging.actions.routing import Choice, Reason, choose
from messaging.desk.rows import DeskCustomer, desk_row
from messaging.load import Turns
from messaging.models import PendingRoute


class AlreadyClaimedBody(TypedDict):
    """The answer to who was beaten while asking. Nothing was changed."""

    detail: Annotated[str, "for people"]
    code: Annotated[str, OneOf(CODES), "for programs"]
    owner: Annotated[Ref, "who was first"]


class Candidate(TypedDict):
    """A salesperson, and whether they take new customers now."""

    salesperson: Ref
    availability: Annotated[str, Availability]
    open_chats: Annotated[int, "how many open chats their customers have"]
    free: Annotated[bool, "not away, and fewer open chats than MAX_OPEN_CHATS"]


class Routing(TypedDict):
    """Who would get a customer now, and why. Nothing was changed."""

    customer: int
    salesperson: Annotated[Ref | None, "who would get them; null: nobody"]
    reason: Annotated[str, Reason, "why, for programs"]
    detail: Annotated[str, "why, for people"]
    strategy: Annotated[str, OneOf(("round_robin", "least_busy", "manual")), "the setting ASSIGNMENT_STRATEGY"]
    candidates: Annotated[list[Candidate], "the active salespeople"]


def routing_of(customer: Customer, *, named: User | None = None) -> Routing:
    """Who would get a customer: `named`, if the request names somebody, or else as they would be routed now."""
    turns = Turns(lock=False)
    everybody = [_candidate(user, turns) for user in turns.everybody]
    pending = PendingRoute.objects.filter(customer=customer.pk).first()
    choice = choose(customer, pending, turns=turns) if named is None else Choice(named, Reason.NAMED)
    return {
        "customer": customer.pk,
        "salesperson": user_ref(choice.salesperson),
        "reason": choice.reason.value,
        "detail": str(choice.reason.label),
        "strategy": turns.strategy,
        "candidates": everybody,
    }


def _candidate(user: User, turns: Turns) -> Candidate:
    return {
        "salesperson": {"id": user.pk, "name": user.name},
        "availability": user.availability,
        "open_chats": turns.load[user.pk],
        "free": turns.can_take(user),
    }


class ClaimView(APIView):
    permission_classes = [IsSalesOrAdmin]

    @documented(
        request_body=None,
        responses={
            200: DeskCustomer,
            400: "You are an admin: assign the customer instead.",
            409: ("`code` is already_claimed; `owner` says who was first.", AlreadyClaimedBody),
        },
        who="salespeople, for customers whom nobody has; admins assign them instead",
    )
    def post(self, request: Request, customer_id: str) -> Response:
        """Claim a customer whom nobody has. The first wins.

        Salespeople see them with the setting SALES_SEE_UNASSIGNED. Who was beaten while asking gets 409; later the
        customer is not found. A claim may exceed MAX_OPEN_CHATS.
        """
        pk = id_in_path(customer_id)
        claim(customer_id=pk, actor=user_of(request), asked_at=calls.begun_at())
        return Response(desk_row(pk, links=links_for(request)), status=status.HTTP_200_OK)


class RoutingView(APIView):
    permission_classes = [IsSalesOrAdmin]

    @documented(responses={200: Routing})
    def get(self, request: Request, customer_id: str) -> Response:
        """Say who would get a customer. As if they wrote now, and why; nothing is changed."""
        return Response(routing_of(Customer.objects.at_desk_of(request.user).or_404(customer_id)))


class AccessView(APIView):
    permission_classes = [IsAdmin]

    @documented(responses={200: list[Access]})
    def get(self, request: Request, customer_id: str) -> Response:
        """List everyone who sees a customer. By name, each with the rule by which they do."""
        return Response(who_sees(Customer.objects.or_404(customer_id)))
