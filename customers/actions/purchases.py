"""Orders, wishlist and reviews. The customer is locked first, so that totals stay right."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Model
from rest_framework.exceptions import NotFound, ValidationError

from accounts.models import User
from core.changes import Changes, changed, gone, made, state
from customers.actions.locking import lock
from customers.actions.loyalty import write_ledger_entry
from customers.actions.pricing import TOO_MUCH, set_prices
from customers.events import record
from customers.models import Customer, Order, Review, WishlistItem
from customers.money import TOTAL_DIGITS, fits
from customers.serializers.customers import customer_event_data
from customers.tiers import RANK, tier_for

# What is called with a review whose customer is locked.
Check = Callable[[Review], None]


@transaction.atomic
def record_order(*, customer_id: int, actor: User, number: str, **fields: Any) -> tuple[Order, bool]:
    """Record an order of the shop, or change the one with this number. Return it, and whether it is new.

    Fields that are not given stay as they are; in a new order they get their defaults. The customer's totals and
    last_order_date follow, and so does the tier, but only upwards. Cancelled and refunded orders do not count.
    Raises Http404, ValidationError for a number that belongs to another customer, and for amounts and rates that
    `set_prices` refuses.
    """
    customer = lock(customer_id, actor=actor)
    order = Order.objects.filter(number=number).first()
    new = order is None
    if order is None:
        order, before = Order(customer=customer, number=number), Decimal(0)
        counted, placed_before = False, None
    else:
        if order.customer_id != customer.pk:
            raise ValidationError({"number": ["This order belongs to another customer."]})
        if all(getattr(order, field) == value for field, value in fields.items()):
            return order, False
        counted, placed_before = order.counts, order.placed_at
        before = order.base_total if counted else Decimal(0)
    shown = (*fields, "exchange_rate", "base_total")
    was = {} if new else state(order, *shown)
    set_prices(order, fields)
    _save_order(order)
    _update_totals(customer, order, counted=counted, before=before, placed_before=placed_before, actor=actor)
    changes = changed(was, state(order, *shown, *(("number",) if new else ())))
    _record(customer, "order_added" if new else "order_changed", order, changes, actor)
    return order, new


def _save_order(order: Order) -> None:
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError:  # recorded for another customer a moment ago
        if not Order.objects.filter(number=order.number).exclude(pk=order.pk).exists():
            raise
        raise ValidationError({"number": ["This order belongs to another customer."]})


def _update_totals(
    customer: Customer,
    order: Order,
    *,
    counted: bool,
    before: Decimal,
    placed_before: datetime | None,
    actor: User | None,
) -> None:
    """Add a saved order to the totals of its locked customer.

    Only the difference is added: totals may include orders from before Patter.
    """
    customer.total_orders = max(customer.total_orders + order.counts - counted, 0)
    spent = customer.total_spent + (order.base_total if order.counts else Decimal(0)) - before
    if not fits(spent, TOTAL_DIGITS):
        raise ValidationError({"total": [TOO_MUCH]})
    customer.total_spent = max(spent, Decimal(0))
    if counted and placed_before == customer.last_order_date:
        customer.last_order_date = customer.orders.counted().aggregate(last=Max("placed_at"))["last"]
    elif order.counts:
        customer.last_order_date = max(customer.last_order_date or order.placed_at, order.placed_at)
    tier_before, earned = customer.loyalty_tier, tier_for(customer.total_spent)
    if RANK[earned] > RANK[tier_before]:
        customer.loyalty_tier = earned
        write_ledger_entry(customer, tier_before=tier_before, reason=f"Earned with order {order.number}.", actor=actor)
    customer.save(update_fields=["total_orders", "total_spent", "last_order_date", "loyalty_tier", "updated_at"])


def _record(customer: Customer, verb: str, row: Model, changes: Changes, actor: User) -> None:
    data = customer_event_data(customer)
    record(customer, "customer_updated", data, actor=actor, verb=verb, about=row, changes=changes)


@transaction.atomic
def wish(*, customer_id: int, actor: User, product_id: str, name: str) -> tuple[WishlistItem, bool]:
    """Add a product to the wishlist. Return the item, and whether it is new. Raises Http404."""
    customer = lock(customer_id, actor=actor, own=True)
    item, new = WishlistItem.objects.get_or_create(customer=customer, product_id=product_id, defaults={"name": name})
    if new:
        _record(customer, "wish_added", item, made(item, "product_id", "name"), actor)
    return item, new


@transaction.atomic
def unwish(*, customer_id: int, actor: User, item_id: int) -> None:
    """Remove an item from the wishlist. Raises Http404."""
    customer = lock(customer_id, actor=actor, own=True)
    item = customer.wishlist.filter(pk=item_id).first()
    if item is None:
        raise NotFound
    _delete(customer, item, "wish_removed", gone(item, "product_id", "name"), actor)


@transaction.atomic
def write_review(*, customer_id: int, actor: User, product_id: str, rating: int, text: str = "") -> Review:
    """Add a review of a product. Raises Http404, ValidationError when the customer has reviewed it already."""
    customer = lock(customer_id, actor=actor, own=True)
    if customer.reviews.filter(product_id=product_id).exists():
        raise ValidationError(
            {"product_id": ["This customer has already reviewed this product. Change that review with PUT."]}
        )
    review = Review.objects.create(customer=customer, product_id=product_id, rating=rating, text=text)
    _record(customer, "review_added", review, made(review, "product_id", "rating", "text"), actor)
    return review


@transaction.atomic
def change_review(
    *, customer_id: int, actor: User, review_id: int, changes: dict[str, Any], check: Check | None = None
) -> Review:
    """Change the rating or text of a review and return it. Raises Http404, and what `check` raises of it before."""
    customer = lock(customer_id, actor=actor, own=True)
    review = _review(customer, review_id, check)
    changes = {field: value for field, value in changes.items() if getattr(review, field) != value}
    if changes:
        was = state(review, *changes)
        for field, value in changes.items():
            setattr(review, field, value)
        review.save(update_fields=[*changes, "updated_at"])
        _record(customer, "review_changed", review, changed(was, changes), actor)
    return review


@transaction.atomic
def delete_review(*, customer_id: int, actor: User, review_id: int, check: Check | None = None) -> None:
    """Delete a review. Raises Http404, and what `check` raises of it before."""
    customer = lock(customer_id, actor=actor, own=True)
    review = _review(customer, review_id, check)
    _delete(customer, review, "review_deleted", gone(review, "product_id", "rating", "text"), actor)


def _review(customer: Customer, pk: int, check: Check | None) -> Review:
    review: Review | None = customer.reviews.filter(pk=pk).first()
    if review is None:
        raise NotFound
    if check is not None:
        check(review)
    return review


def _delete(customer: Customer, row: Model, verb: str, was: Changes, actor: User) -> None:
    pk = row.pk
    row.delete()
    row.pk = pk
    _record(customer, verb, row, was, actor)
