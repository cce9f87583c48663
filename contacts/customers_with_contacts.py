"""Every customer with their contacts, as a streamed answer."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

from accounts.models import User
from contacts.envelope import success
from contacts.models import Contact
from contacts.serializers import CONTACT_COLUMNS, ContactRow, contact_row, customer_name
from customers.models import Customer, customer_number

CUSTOMERS_PER_CHUNK = 500

_CUSTOMER_COLUMNS = ("id", "username", "email", "first_name", "last_name", "phone", "nic", "is_verified")


class CustomerWithContacts(TypedDict):
    """A customer and the ways to reach them."""

    id: int
    customer_id: Annotated[str, "like CUST000001"]
    username: str
    email: str
    first_name: str
    last_name: str
    full_name: str
    nic: str
    is_verified: bool
    contacts: list[ContactRow]
    primary_contact: ContactRow | None


def stream_customers_with_contacts(user: User) -> Iterator[bytes]:
    """The body of GET /api/customers-with-contacts/, in chunks that cost two queries each.

    Each chunk starts after the last id of the one before. A single cursor, open for as long as a slow client reads,
    would keep SQLite from shortening its write-ahead log.
    """
    nobody: list[CustomerWithContacts] = []
    opening = _json(success("Customers with contacts retrieved successfully", nobody))
    yield opening.removesuffix(b"]}")
    separator, last_id = b"", 0
    while True:
        customers = Customer.objects.visible_to(user).filter(pk__gt=last_id).order_by("pk")
        rows = list(customers.values(*_CUSTOMER_COLUMNS)[:CUSTOMERS_PER_CHUNK])
        if rows:
            yield separator + b",".join(map(_json, _add_contacts(rows)))
            separator, last_id = b",", rows[-1]["id"]
        if len(rows) < CUSTOMERS_PER_CHUNK:
            break
    yield b"]}"


def _add_contacts(rows: list[dict[str, Any]]) -> Iterator[CustomerWithContacts]:
    contacts: dict[int, list[ContactRow]] = {row["id"]: [] for row in rows}
    for contact in Contact.objects.filter(customer_id__in=contacts).primary_first().values(*CONTACT_COLUMNS):
        contacts[contact["customer_id"]].append(contact_row(contact))
    for row in rows:
        of_customer = contacts[row["id"]]
        yield {
            "id": row["id"],
            "customer_id": customer_number(row["id"]),
            "username": row["username"],
            "email": row["email"],
            "first_name": row["first_name"],
            "last_name": row["last_name"],
            "full_name": customer_name(row["id"], row),
            "nic": row["nic"],
            "is_verified": row["is_verified"],
            "contacts": of_customer,
            "primary_contact": of_customer[0] if of_customer and of_customer[0]["is_primary"] else None,
        }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
