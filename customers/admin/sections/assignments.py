"""Who has had a customer, and handing them over."""

from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core.admin.actions import RowAction
from customers.actions.customers import update_customer
from customers.admin.registry import Section, add_section
from customers.admin.row_actions import ASSIGN, Given
from customers.models import Customer

_ROWS = 100


def _end(customer: Customer, actor: User, given: Given) -> str:
    if customer.owner_id is None:
        raise ValidationError({"detail": "Nobody has this customer."})
    # An owner from before assignments were recorded has none that could be ended.
    update_customer(customer_id=customer.pk, actor=actor, changes={"owner": None})
    return "nobody has the chat now"


END = RowAction(
    "end_assignment",
    "Take away from the owner",
    _end,
    done="ended",
    asks="Nobody has the chat then, until somebody is assigned or the customer writes again.",
    harmful=True,
)


def _assignments(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    rows = list(customer.assignments.newest_first()[: _ROWS + 1])
    return {"assignments": rows[:_ROWS], "more": len(rows) > _ROWS, "owner": customer.owner}


add_section(
    Section(
        "assignments",
        "Assignments",
        20,
        "admin/customers/customer/sections/assignments.html",
        _assignments,
        (ASSIGN, END),
    )
)
