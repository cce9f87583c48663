"""What WhatsApp adds to customers in Django admin: the addresses from which they write, and blocking them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from accounts.models import User
from core.admin.actions import RowAction
from customers.admin.registry import Section, add_list_actions, add_section, on_item
from customers.models import Customer
from whatsapp.admin.identities import DETACH
from whatsapp.blocking import block_customer, unblock_customer
from whatsapp.models import Identity

_ROWS = 50


def _identities_of(customer: Customer) -> Any:
    return Identity.objects.filter(customer=customer)


def _identities(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    rows = _identities_of(customer).select_related("business_number").order_by("detached_at", "-pk")
    return {"identities": rows[:_ROWS]}


def _block(customer: Customer, actor: User, given: Mapping[str, Any]) -> str:
    block_customer(customer_id=customer.pk, actor=actor)
    return "They were blocked already. WhatsApp is asked again." if customer.blocked_at is not None else ""


def _unblock(customer: Customer, actor: User, given: Mapping[str, Any]) -> str:
    if customer.blocked_at is None:
        return "They were not blocked."
    unblock_customer(customer_id=customer.pk, actor=actor)
    return ""


BLOCK = RowAction(
    "block",
    "Block on WhatsApp",
    _block,
    done="blocked",
    asks="Nothing is sent to them any more, and nothing comes from them. WhatsApp is asked within seconds, and blocks "
    "only people who wrote in the last 24 hours: if it refuses, they are not blocked after all, and their page says "
    "why.",
    harmful=True,
)
UNBLOCK = RowAction(
    "unblock",
    "Unblock on WhatsApp",
    _unblock,
    done="unblocked",
    asks="They can write and be written to again. WhatsApp is asked within seconds: if it refuses, they stay blocked, "
    "and their page says why.",
)
add_list_actions(BLOCK, button_for=lambda customer: customer.blocked_at is None)
add_list_actions(UNBLOCK, button_for=lambda customer: customer.blocked_at is not None)
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
