"""Who came by which advertisement, and when."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from core.timestamps import iso
from customers.models.touches import Touch, ad_of


def came_by(customers: Any, ad: str) -> Any:
    """Those of the customers whose first or latest advertisement has this id."""
    found = customers.alias(ad_first=ad_of("referral_first"), ad_last=ad_of("referral_last"))
    # The conditions of the indexes.
    first = Q(referral_first__isnull=False, ad_first=ad)
    return found.filter(first | Q(referral_last__isnull=False, ad_last=ad))


def touched_in(rows: "QuerySet[Any]", begin: datetime | None, end: datetime | None, *, to: str = "") -> Any:
    """Those of the rows whose customer first came by an advertisement in a period, its end left out.

    `to` leads from a row to its customer. Times are compared as the text in which they are kept: without its last
    letter, the end of a period comes before the same time with it.
    """
    path = f"{to}__" if to else ""
    found = rows.filter(**{f"{path}merged_into": None, f"{path}referral_first__isnull": False})
    found = found.alias(touched=Touch(f"{path}referral_first", said="at"))
    if begin is not None:
        found = found.filter(touched__gte=iso(begin).removesuffix("Z"))
    return found if end is None else found.filter(touched__lt=iso(end).removesuffix("Z"))
