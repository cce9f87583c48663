"""`/api/customers/{id}/block/` and `unblock/`."""

from drf_yasg.utils import no_body
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from core.files.links import links_for
from messaging.desk.rows import DeskCustomer, desk_row
from whatsapp.blocking import block_customer, unblock_customer


class BlockView(APIView):
    """Block a customer."""

    permission_classes = [IsSalesOrAdmin]

    @documented(request_body=no_body, responses={200: DeskCustomer})
    def post(self, request: Request, customer_id: str) -> Response:
        """Block a customer on WhatsApp. Nothing is sent to them any more, and nothing comes from them.

        Meta is asked within seconds, for all their addresses. It blocks only people who wrote in the last 24 hours. If
        it refuses, they are not blocked after all, and `block_error` says why.
        """
        block_customer(customer_id=int(customer_id), actor=user_of(request))
        return Response(desk_row(int(customer_id), links=links_for(request)))


class UnblockView(APIView):
    """Unblock a customer."""

    permission_classes = [IsSalesOrAdmin]

    @documented(request_body=no_body, responses={200: DeskCustomer})
    def post(self, request: Request, customer_id: str) -> Response:
        """Unblock a customer on WhatsApp. If Meta refuses, they stay blocked, and `block_error` says why."""
        unblock_customer(customer_id=int(customer_id), actor=user_of(request))
        return Response(desk_row(int(customer_id), links=links_for(request)))
