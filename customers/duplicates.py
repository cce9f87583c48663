"""Customers who may be the same person: what two rows have in common."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.models.users import full_name
from core.folding import folded
from core.phones import variants
from customers.models import Customer, CustomerQuerySet

# How much each reason counts: what only one person has, before what several may have.
WEIGHTS = {"phone": 8, "email": 4, "name": 2, "wa_id": 8}
MOST = 20
# Rows that are compared: many customers may have an address like info@.
_MOST_COMPARED = 500
# A subscriber's number, in whichever country: numbers written without their country code end with the same digits.
_ENDING = 7

_COLUMNS = ("pk", "first_name", "last_name", "email", "phone", "pending_phone")


@dataclass(frozen=True)
class _Traits:
    """What is compared of a customer. Phones count in every spelling, also those that are only claimed."""

    phones: frozenset[str]
    endings: frozenset[str]
    email: str
    email_name: str
    name: str

    @classmethod
    def of(cls, row: dict[str, Any]) -> "_Traits":
        phones = frozenset(spelling for phone in phones_of(row) for spelling in variants(phone))
        email = row["email"].casefold()
        name = " ".join(folded(full_name(row["first_name"], row["last_name"], "")).split())
        endings = frozenset(phone[-_ENDING:] for phone in phones)
        return cls(phones, endings, email, email.rpartition("@")[0], name)

    def in_common(self, other: "_Traits") -> set[str]:
        """The reasons to take two customers for one person."""
        same_email_name = self.email_name != "" and self.email_name == other.email_name
        found = {
            "phone": bool(self.phones & other.phones),
            "email": self.email != "" and self.email == other.email,
            "name": self.name != ""
            and self.name == other.name
            and (same_email_name or bool(self.endings & other.endings)),
        }
        return {reason for reason, is_so in found.items() if is_so}


def phones_of(row: Any) -> list[str]:
    """The phones of a row of customers: theirs, and the one they claim."""
    return [phone for phone in (row["phone"], row["pending_phone"]) if phone]


def possible_duplicates(
    customer: Customer, *, among: CustomerQuerySet, writing_as: Collection[int]
) -> list[tuple[int, list[str]]]:
    """The ids of customers who may be the same person, best first, each with the reasons (WEIGHTS names them).

    `writing_as` are the ids of customers who write as this one does. One statement besides looking at the customer.
    """
    own = _Traits.of(_row(customer))
    rows: Any = among.exclude(pk=customer.pk).filter(_similar(own) | Q(pk__in=writing_as))
    found = {}
    for row in rows.order_by("-pk").values(*_COLUMNS)[:_MOST_COMPARED]:
        reasons = own.in_common(_Traits.of(row)) | ({"wa_id"} if row["pk"] in writing_as else set())
        if reasons:
            found[row["pk"]] = reasons
    best = sorted(found, key=lambda pk: (sum(WEIGHTS[reason] for reason in found[pk]), pk), reverse=True)
    return [(pk, [reason for reason in WEIGHTS if reason in found[pk]]) for pk in best[:MOST]]


def _row(customer: Customer) -> dict[str, Any]:
    return {column: getattr(customer, column) for column in _COLUMNS}


def _similar(own: _Traits) -> Q:
    """Rows that may have something in common, in forms that the indexes of the search can find."""
    similar = Q(pk__in=[])
    if own.phones:
        similar |= Q(phone__in=own.phones, phone_trusted=True) | Q(phone__in=own.phones, phone_trusted=False)
        similar |= Q(pending_phone__in=own.phones) & ~Q(pending_phone="")
    if own.name:
        for ending in own.endings:
            similar |= Q(folded__contains=ending)
    if own.email_name:
        similar |= Q(folded__contains=folded(f"{own.email_name}@"))
    return similar
