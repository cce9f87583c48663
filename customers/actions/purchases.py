"""What customers buy, want and say of it. Each locks the customer first, so totals stay right whoever races."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from rest_framework.exceptions import NotFound, ValidationError

from accounts.models import User
from customers.actions.locking import lock
from customers.actions.loyalty import write_ledger_entry
from customers.events import record
from customers.models import Customer, Order, Review, WishlistItem
from customers.money import MAX_AMOUNT
from customers.serializers.customers import customer_event_data
from customers.tiers import RANK, tier_for


@transaction.atomic
def record_order(*, customer_id: int, actor: User, number: str, **fields: Any) -> tuple[Order, bool]:
    """Keep an order of the shop, or change the one with this number; return it and whether it is new.

    Fields that are not given stay as they are, or take their defaults in a new one.

    Totals, last_order_date and, upwards only, the tier follow; an order counts once, a cancelled or refunded one
    no longer. Raises Http404, ValidationError for a number that is another customer's.
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
        before = order.total if counted else Decimal(0)
    for field, value in fields.items():
        setattr(order, field, value)
    _save_order(order)
    _follow(customer, order, counted=counted, before=before, placed_before=placed_before, actor=actor)
    return order, new


def _save_order(order: Order) -> None:
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError:  # another customer's, recorded since the look
        if not Order.objects.filter(number=order.number).exclude(pk=order.pk).exists():
            raise
        raise ValidationError({"number": ["This order belongs to another customer."]})


def _follow(
    customer: Customer,
    order: Order,
    *,
    counted: bool,
    before: Decimal,
    placed_before: datetime | None,
    actor: User | None,
) -> None:
    """Carry a saved order over into the totals of its locked customer.

    Only the difference: totals may come from before there were orders here.
    """
    customer.total_orders = max(customer.total_orders + order.counts - counted, 0)
    spent = customer.total_spent + (order.total if order.counts else Decimal(0)) - before
    if spent > MAX_AMOUNT:
        raise ValidationError({"total": ["The total spent would be out of range."]})
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
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)


@transaction.atomic
def wish(*, customer_id: int, actor: User, product_id: str, name: str) -> tuple[WishlistItem, bool]:
    """Put a product on the wishlist; return the item and whether it is new. Raises Http404."""
    customer = lock(customer_id, actor=actor, own=True)
    item, new = WishlistItem.objects.get_or_create(customer=customer, product_id=product_id, defaults={"name": name})
    if new:
        record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return item, new


@transaction.atomic
def unwish(*, customer_id: int, actor: User, item_id: int) -> None:
    """Take an item off the wishlist. Raises Http404."""
    _delete(lock(customer_id, actor=actor, own=True), WishlistItem, item_id, actor)


@transaction.atomic
def write_review(*, customer_id: int, actor: User, product_id: str, rating: int, text: str = "") -> Review:
    """Keep what a customer says of a product. Raises Http404, ValidationError when they have said it already."""
    customer = lock(customer_id, actor=actor, own=True)
    if customer.reviews.filter(product_id=product_id).exists():
        raise ValidationError({"product_id": ["There is a review of this product already. Change it with PUT."]})
    review = Review.objects.create(customer=customer, product_id=product_id, rating=rating, text=text)
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return review


@transaction.atomic
def change_review(*, customer_id: int, actor: User, review_id: int, changes: dict[str, Any]) -> Review:
    """Change rating or text of a review and return it. Raises Http404."""
    customer = lock(customer_id, actor=actor, own=True)
    review: Review | None = customer.reviews.filter(pk=review_id).first()
    if review is None:
        raise NotFound
    changes = {field: value for field, value in changes.items() if getattr(review, field) != value}
    if changes:
        for field, value in changes.items():
            setattr(review, field, value)
        review.save(update_fields=[*changes, "updated_at"])
        record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return review


@transaction.atomic
def delete_review(*, customer_id: int, actor: User, review_id: int) -> None:
    """Take a review back. Raises Http404."""
    _delete(lock(customer_id, actor=actor, own=True), Review, review_id, actor)


def _delete(customer: Customer, model: Any, pk: int, actor: User) -> None:
    deleted, _ = model.objects.filter(customer=customer, pk=pk).delete()
    if not deleted:
        raise NotFound
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)
