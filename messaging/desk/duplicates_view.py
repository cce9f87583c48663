"""`/api/customers/{id}/duplicates/`: who may be the same person."""

from typing import Annotated, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from core.files.links import links_for
from core.shapes import OneOf
from customers.duplicates import WEIGHTS, possible_duplicates
from customers.models import Customer
from messaging.channels import channels
from messaging.desk.rows import DeskCustomer, desk_rows, shown_to


class Duplicate(TypedDict):
    """A customer who may be the same person, and why."""

    customer: DeskCustomer
    reasons: list[Annotated[str, OneOf(tuple(WEIGHTS))]]


class DuplicatesView(APIView):
    """Customers who may be the same person as one customer."""

    permission_classes = [IsSalesOrAdmin]

    @documented(responses={200: list[Duplicate]})
    def get(self, request: Request, customer_id: str) -> Response:
        """List possible duplicates. Customers of yours who may be the same person, best first, at most 20, and why.

        `phone`: the same number, however it is spelled, also one that is only claimed. `email`: the same address.
        `name`: the same name, and the same end of the phone or name in front of the email's @. `wa_id`: they write as
        this customer does.
        """
        customers = Customer.objects.at_desk_of(request.user)
        customer = customers.or_404(customer_id)
        writing_as: set[int] = set()
        for channel in channels().values():
            writing_as |= channel.customers_writing_as(customer)
        found = possible_duplicates(customer, among=customers, writing_as=writing_as)
        links = links_for(request)
        those = desk_rows(pk for pk, _ in found)
        rows = {row["id"]: shown_to(row, links) for row in those}
        return Response([Duplicate(customer=rows[pk], reasons=reasons) for pk, reasons in found if pk in rows])
