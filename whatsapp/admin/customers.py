"""The addresses from which a customer writes, on their page in Django admin."""

from typing import Any

from django.http import HttpRequest

from customers.admin.registry import Section, add_section, on_item
from customers.models import Customer
from whatsapp.admin.identities import DETACH
from whatsapp.models import Identity

_ROWS = 50


def _identities_of(customer: Customer) -> Any:
    return Identity.objects.filter(customer=customer)


def _identities(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    rows = _identities_of(customer).select_related("business_number").order_by("detached_at", "-pk")
    return {"identities": rows[:_ROWS]}


add_section(
    Section(
        "identities",
        "Writes from",
        35,
        "admin/whatsapp/customer.html",
        _identities,
        (on_item(DETACH, _identities_of, label="Detach"),),
    )
)
