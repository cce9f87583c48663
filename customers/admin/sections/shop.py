"""What a customer bought and wants, where it goes, and their points."""

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from core.admin.actions import ItemForm, RowAction
from customers.actions.addresses import delete_address, set_default_address
from customers.actions.purchases import delete_review, unwish
from customers.admin.registry import Section, add_section
from customers.admin.row_actions import POINTS, TIER, Given
from customers.models import Address, Customer
from customers.money import base_currency, money, shown

# Of each kind.
_ROWS = 25


def _default_address(customer: Customer, actor: User, given: Given) -> str:
    set_default_address(address=customer.addresses.get(pk=given["item"]), actor=actor)
    return ""


def _delete_address(customer: Customer, actor: User, given: Given) -> str:
    delete_address(address=customer.addresses.get(pk=given["item"]), actor=actor)
    return ""


def _unwish(customer: Customer, actor: User, given: Given) -> str:
    unwish(customer_id=customer.pk, actor=actor, item_id=given["item"])
    return ""


def _delete_review(customer: Customer, actor: User, given: Given) -> str:
    delete_review(customer_id=customer.pk, actor=actor, review_id=given["item"])
    return ""


DEFAULT_ADDRESS = RowAction(
    "default_address", "Make default", _default_address, done="the default address now", form=ItemForm
)
DELETE_ADDRESS = RowAction(
    "delete_address",
    "Delete",
    _delete_address,
    done="deleted",
    form=ItemForm,
    asks="The address is deleted. If it is the default, the oldest other one of its kind becomes that.",
    harmful=True,
)
UNWISH = RowAction(
    "unwish",
    "Remove",
    _unwish,
    done="removed",
    form=ItemForm,
    asks="The product is removed from the wishlist.",
    harmful=True,
)
DELETE_REVIEW = RowAction(
    "delete_review",
    "Delete",
    _delete_review,
    done="deleted",
    form=ItemForm,
    asks="The review is deleted.",
    harmful=True,
)


def _written(address: Address) -> str:
    """An address in one line."""
    town = f"{address.postal_code} {address.city}".strip()
    name = f"{address.first_name} {address.last_name}".strip()
    lines = (address.company, address.address_line1, address.address_line2, town, address.state, address.country)
    return ", ".join(part for part in (name, *lines, address.phone) if part)


def _orders(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {
        "spent": f"{money(customer.total_spent)} {base_currency()}",
        "orders": [
            {"order": order, "total": f"{shown(order.total, order.currency)} {order.currency}"}
            for order in customer.orders.newest_first()[:_ROWS]
        ],
        "addresses": [
            {"address": address, "text": _written(address)}
            for address in customer.addresses.order_by("address_type", "-is_default", "pk")[:_ROWS]
        ],
        "wishlist": customer.wishlist.order_by("-pk")[:_ROWS],
        "reviews": customer.reviews.order_by("-pk")[:_ROWS],
        "rows": _ROWS,
    }


def _points(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {"entries": customer.loyalty_entries.select_related("actor").order_by("-pk")[:_ROWS], "rows": _ROWS}


add_section(
    Section(
        "shop",
        "Shop",
        60,
        "admin/customers/customer/sections/shop.html",
        _orders,
        (DEFAULT_ADDRESS, DELETE_ADDRESS, UNWISH, DELETE_REVIEW),
    )
)
add_section(
    Section("points", "Points", 65, "admin/customers/customer/sections/points.html", _points, (POINTS, TIER)),
)
