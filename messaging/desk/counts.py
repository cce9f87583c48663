"""How many chats of a user's desk are open, wait, are unread and so on: `/api/desk/counts/` and the inbox."""

from datetime import timedelta
from typing import Annotated, Any, TypedDict

from django.conf import settings
from django.db.models import Case, Func, IntegerField, Q, QuerySet, Subquery, Value, When
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from customers.visibility import visible
from messaging.desk.chats import HAS_UNREAD, window_closes
from messaging.models import ChatState, Conversation


class DeskCounts(TypedDict):
    """How many chats of the desk there are. Customers without a chat are not counted."""

    open: Annotated[int, "open chats"]
    waiting: Annotated[int, "open chats that wait for an answer"]
    unread: Annotated[int, "open chats with unread messages"]
    snoozed: Annotated[int, "snoozed chats"]
    closed: Annotated[int, "closed chats"]
    closing_soon: Annotated[int, "chats that wait, and whose service window closes within CLOSING_SOON_MINUTES"]
    unassigned: Annotated[int, "chats of customers without an owner"]


def desk_counts(user: Any) -> DeskCounts:
    """The counts of the chats that `user` may see, in one statement, which reads nothing but indexes.

    Most chats are closed: of those only their number is asked.
    """
    chats = Conversation.objects.filter(visible(user, copied=True)).order_by()
    waits = Q(waiting_since__isnull=False)
    counts: Any = chats.filter(state=ChatState.OPEN).values(
        open=_number(),
        waiting=_number(waits),
        unread=_number(HAS_UNREAD),
        snoozed=_number_of(chats.filter(state=ChatState.SNOOZED)),
        closed=_number_of(chats.filter(state=ChatState.CLOSED)),
        closing_soon=_number(waits & window_closes(within=timedelta(minutes=settings.CLOSING_SOON_MINUTES))),
        # In every state: the index begins with it.
        unassigned=_number_of(chats.filter(state__in=ChatState.values, owner=None)),
    )
    found: DeskCounts = counts.get()
    return found


def _number(which: Q | None = None) -> Func:
    """How many rows there are. `Count` would have them counted for each value of the other columns."""
    counted = Value(1) if which is None else Case(When(which, then=1))
    return Func(counted, function="COUNT", output_field=IntegerField())


def _number_of(chats: QuerySet[Conversation]) -> Subquery:
    return Subquery(chats.values(number=_number()))


class DeskCountsView(APIView):
    """`/api/desk/counts/`"""

    permission_classes = [IsSalesOrAdmin]

    @documented(responses={200: DeskCounts})
    def get(self, request: Request) -> Response:
        """Count the chats of the desk. Those that wait, those with something unread, and so on.

        The inbox socket says the same as `counts`, whenever it changes.
        """
        return Response(desk_counts(request.user))
