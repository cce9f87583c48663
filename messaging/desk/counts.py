"""How many chats of a user's desk are open, wait, are unread and so on: `/api/desk/counts/` and the inbox."""

from datetime import timedelta
from typing import Annotated, Any, TypedDict

from django.conf import settings
from django.db.models import Count, Q
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from customers.visibility import visible
from messaging.desk.chats import WAITING, window_closes
from messaging.models import ChatState, Conversation

_OPEN = Q(state=ChatState.OPEN)


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
    """The counts of the chats that `user` may see, in one statement."""
    soon = window_closes(within=timedelta(minutes=settings.CLOSING_SOON_MINUTES))
    counted = {
        "open": _OPEN,
        "waiting": WAITING,
        "unread": _OPEN & Q(unread_count__gt=0),
        "snoozed": Q(state=ChatState.SNOOZED),
        "closed": Q(state=ChatState.CLOSED),
        "closing_soon": WAITING & soon,
        "unassigned": Q(customer__owner=None),
    }
    chats = Conversation.objects.filter(visible(user, prefix="customer__")).order_by()
    found: Any = chats.aggregate(**{name: Count("pk", filter=which) for name, which in counted.items()})
    counts: DeskCounts = found
    return counts


class DeskCountsView(APIView):
    """`/api/desk/counts/`"""

    permission_classes = [IsSalesOrAdmin]

    @documented(responses={200: DeskCounts})
    def get(self, request: Request) -> Response:
        """Count the chats of the desk. Those that wait, those with something unread, and so on.

        The inbox socket says the same as `counts`, whenever it changes.
        """
        return Response(desk_counts(request.user))
