"""Every customer with their contacts, as a streamed answer."""

import json
from collections.abc import Iterator
from typing import Any

from accounts.models import User
from contacts.envelope import success
from contacts.models import Contact
from contacts.serializers import CONTACT_COLUMNS, contact_row, name_of
from customers.models import Customer, customer_number

CHUNK = 500

_COLUMNS = ("id", "username", "email", "first_name", "last_name", "phone", "nic", "is_verified")


def customers_with_contacts(user: User) -> Iterator[bytes]:
    """The body of GET /api/customers-with-contacts/, CHUNK customers at a time with two queries for each chunk.

    Each chunk starts after the id of the last one. A single cursor, open for as long as a slow client reads, would keep
    SQLite from shortening its write-ahead log.
    """
    opening = _encode(success("Customers with contacts retrieved successfully", []))
    yield opening.removesuffix(b"]}")
    separator, last = b"", 0
    while True:
        customers = Customer.objects.visible_to(user).filter(pk__gt=last).order_by("pk")
        rows = list(customers.values(*_COLUMNS)[:CHUNK])
        if rows:
            yield separator + b",".join(map(_encode, _with_contacts(rows)))
            separator, last = b",", rows[-1]["id"]
        if len(rows) < CHUNK:
            break
    yield b"]}"


def _with_contacts(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    contacts: dict[int, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
    for contact in Contact.objects.filter(customer_id__in=contacts).primary_first().values(*CONTACT_COLUMNS):
        contacts[contact["customer_id"]].append(contact_row(contact))
    for row in rows:
        own = contacts[row["id"]]
        yield {
            "id": row["id"],
            "customer_id": customer_number(row["id"]),
            "username": row["username"],
            "email": row["email"],
            "first_name": row["first_name"],
            "last_name": row["last_name"],
            "full_name": name_of(row["id"], row),
            "nic": row["nic"],
            "is_verified": row["is_verified"],
            "contacts": own,
            "primary_contact": own[0] if own and own[0]["is_primary"] else None,
        }


def _encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
