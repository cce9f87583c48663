import re
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from core.phones import InvalidPhone, normalize

if TYPE_CHECKING:
    from customers.models import Address, Assignment, Customer, Event, Order

MAX_SEARCH_TERMS = 10
_CUSTOMER_ID = re.compile(r"(?:CUST)?0*([1-9]\d{0,17})", re.IGNORECASE)
_PHONE_LIKE = re.compile(r"[+\d][\d\-]{5,}")


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: Any) -> "CustomerQuerySet":
        """The customers whom `user` may see: admins all, sales their own, customers themselves.

        Everything that hangs off a customer follows this one rule.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_admin:
            return self
        if user.is_sales:
            return self.filter(owner=user)
        return self.filter(user=user)

    def at_desk_of(self, user: Any) -> "CustomerQuerySet":
        """The customers on the sales desk of `user`; nobody for those who have no desk."""
        if user.is_authenticated and (user.is_admin or user.is_sales):
            return self.visible_to(user)
        return self.none()

    def locked(self, pk: int, *, deleting: bool = False) -> "Customer":
        """Lock one of these customers until the transaction ends and return it as it is now.

        Asks the conditions again after waiting for the lock. Raises Customer.DoesNotExist. Only who is
        `deleting` keeps out those who insert rows that point at the customer.
        """
        return self.select_for_update(no_key=not deleting).get(pk=pk)

    def search(self, text: str) -> "CustomerQuerySet":
        """Customers in whom every word of `text` occurs: names, handle, email, phone, or the customer id.

        Looks at the first ten words.
        """
        found = self
        for term in search_terms(text):
            found = found.filter(_occurrence(term))
        return found


def search_terms(text: str) -> list[str]:
    """The first ten words of `text`; a phone number written with blanks, as in `077 123 4567`, is one word."""
    words = text.split()
    joined = "".join(words)
    return [joined] if _PHONE_LIKE.fullmatch(joined) else words[:MAX_SEARCH_TERMS]


def _occurrence(term: str) -> Q:
    matches = Q(search_text__contains=term.lower())
    if not term.isascii():
        # SQLite's LOWER leaves letters beyond ASCII as they are.
        for spelling in {term, term.upper(), term.capitalize()}:
            matches |= Q(search_text__contains=spelling)
    if match := _CUSTOMER_ID.fullmatch(term):
        matches |= Q(pk=int(match[1]))
    if _PHONE_LIKE.fullmatch(term):
        try:
            # A whole number: found by its own index, where its many common trigrams would cost the most.
            matches |= Q(phone=normalize(term))
        except InvalidPhone:
            pass  # a part of a number: looked for as it stands
    return matches


class FollowsCustomer(models.QuerySet[Any]):
    """Rows that hang off a customer through a foreign key `customer`."""

    def visible_to(self, user: Any) -> Any:
        """The rows of customers whom `user` may see at the sales desk."""
        if not user.is_authenticated:
            return self.none()
        if user.is_admin:
            return self
        if user.is_sales:
            return self.filter(customer__owner=user)
        return self.none()


class EventQuerySet(FollowsCustomer):
    def after(self, customer_id: int, seq: int) -> "models.QuerySet[Event]":
        """The customer's events numbered above `seq`, oldest first."""
        events: models.QuerySet[Event] = self.filter(customer_id=customer_id, seq__gt=seq).order_by("seq")
        return events


class AssignmentQuerySet(FollowsCustomer):
    def newest_first(self) -> "models.QuerySet[Assignment]":
        """Ready to be shown: with the people they name."""
        found: models.QuerySet[Assignment] = self.select_related("salesperson", "assigned_by").order_by(
            "-assigned_at", "-pk"
        )
        return found

    def open(self) -> "models.QuerySet[Assignment]":
        found: models.QuerySet[Assignment] = self.filter(ended_at=None)
        return found


class OwnCustomer(FollowsCustomer):
    """Rows that hang off a customer and are also that customer's own to see."""

    def visible_to(self, user: Any) -> Any:
        """The rows of customers whom `user` may see."""
        if user.is_authenticated and not (user.is_admin or user.is_sales):
            return self.filter(customer__user=user)
        return super().visible_to(user)


class AddressQuerySet(OwnCustomer):
    def default_first(self) -> "models.QuerySet[Address]":
        """The order in which one takes over as default: the default, then the oldest."""
        found: models.QuerySet[Address] = self.order_by("-is_default", "pk")
        return found


class OrderQuerySet(OwnCustomer):
    def newest_first(self) -> "models.QuerySet[Order]":
        found: models.QuerySet[Order] = self.order_by("-placed_at", "-pk")
        return found

    def counted(self) -> "models.QuerySet[Order]":
        """Without those cancelled or refunded."""
        found: models.QuerySet[Order] = self.exclude(status__in=("cancelled", "refunded"))
        return found
