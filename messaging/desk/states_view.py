"""`/api/customers/{id}/close/`, `reopen/`, `snooze/` and `unread/`: what becomes of a chat at the desk."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from core.fields import KnownFieldsOnly
from core.files.links import links_for
from core.filters import id_in_path
from customers.models import Customer
from messaging.actions.chat_states import close_chat, mark_unread, reopen_chat, snooze_chat
from messaging.desk.rows import DeskCustomer, desk_row

_REFUSED = {200: DeskCustomer, 400: "There is no chat with this customer yet."}


class SnoozeSerializer(KnownFieldsOnly):
    """The body of `snooze/`."""

    until = serializers.DateTimeField(
        help_text="when the chat is opened again: up to 366 days from now; without a zone it is in UTC"
    )

    class Meta:
        ref_name = "Snooze"


class _ChatView(APIView):
    permission_classes = [IsSalesOrAdmin]

    def done(self, act: Callable[..., None], request: Request, customer_id: str, **more: Any) -> Response:
        """Do something to a chat, and answer with its row."""
        pk = id_in_path(customer_id)
        act(customer_id=pk, actor=user_of(request), **more)
        return Response(desk_row(pk, links=links_for(request)))


class CloseView(_ChatView):
    @documented(request_body=None, responses=_REFUSED)
    def post(self, request: Request, customer_id: str) -> Response:
        """Close a chat. It is opened again by what the customer writes. A chat that waits for an answer still does."""
        return self.done(close_chat, request, customer_id)


class ReopenView(_ChatView):
    @documented(request_body=None, responses=_REFUSED)
    def post(self, request: Request, customer_id: str) -> Response:
        """Open a chat that is closed or snoozed."""
        return self.done(reopen_chat, request, customer_id)


class SnoozeView(_ChatView):
    @documented(
        request_body=SnoozeSerializer,
        responses={200: DeskCustomer, 400: "There is no chat yet, or the time has passed or is too far away."},
    )
    def post(self, request: Request, customer_id: str) -> Response:
        """Snooze a chat. It is opened again at the time `until`, or before that by what the customer writes."""
        # Before the body is looked at: who may not see the customer gets 404.
        Customer.objects.at_desk_of(request.user).or_404(customer_id)
        body = SnoozeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self.done(snooze_chat, request, customer_id, until=body.validated_data["until"])


class UnreadView(_ChatView):
    @documented(request_body=None, responses={200: DeskCustomer, 400: "The customer has written nothing."})
    def post(self, request: Request, customer_id: str) -> Response:
        """Mark a chat as unread. The last message of the customer becomes unread again; the customer is not told."""
        return self.done(mark_unread, request, customer_id)
