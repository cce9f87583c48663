"""Searching contacts: each word may stand in the contact or in the details of its customer.

No index knows both tables. So the rarest word is looked for in each of them by its own index, and the other words among
what was found. What so many have that this is no use is soon found by reading the newest.
"""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

from django.db import connection
from django.db.models import Q

from core.filters import has_trigram
from core.pagination import COUNTED_EXACTLY, estimate
from customers.models import Customer, CustomerQuerySet
from customers.search import in_phones, matching

_NUMBERS = ("wa_number", "tp_number")


def reading(terms: Sequence[str]) -> Q:
    """The condition for contacts in which all of the words occur, or in their customers. No index helps with it."""
    return reduce(and_, (_in_contact(term) | matching(term, prefix="customer__") for term in terms), Q())


def found_ids(contacts: Any, terms: Sequence[str], *, customers: CustomerQuerySet) -> list[int] | None:
    """The ids of those of `contacts` in which all of the words occur; None for more than COUNTED_EXACTLY.

    Without a word of three letters or a number, only those of the customers who are first on the desk are searched.
    """
    ids = contacts.order_by().values_list("pk", flat=True)
    by_index = [term for term in terms if has_trigram(term) or term.isdecimal()]
    if not by_index:
        return list(ids.filter(reading(terms), customer__any=customers.first_on_desk()))
    rarest = by_index[0] if len(by_index) == 1 else min(by_index, key=lambda term: _rarity(contacts, term))
    others = ids.filter(reading([term for term in terms if term != rarest]))
    found: list[int] = []
    for part in _parts(others, rarest):
        found += part[: COUNTED_EXACTLY + 1 - len(found)]
        if len(found) > COUNTED_EXACTLY:
            return None
    return found


def _parts(contacts: Any, term: str) -> tuple[Any, Any]:
    """The contacts with a word: those in which it occurs, and all others in whose customers it does."""
    customers = Customer.all_rows.filter(matching(term)).order_by()
    return contacts.filter(_in_contact(term)), contacts.filter(customer__in=customers).exclude(_in_contact(term))


def _rarity(contacts: Any, term: str) -> int:
    """The less, the sooner a word is looked for first: what PostgreSQL expects to find, or how short it is."""
    if connection.vendor != "postgresql":
        return -len(term)
    return sum(estimate(part.order_by().values("pk")) for part in _parts(contacts, term))


def _in_contact(term: str) -> Q:
    found = in_phones(term, *_NUMBERS) | Q(folded__contains=term)
    for number in _NUMBERS:
        found |= Q(**{f"{number}__contains": term})
    return found
