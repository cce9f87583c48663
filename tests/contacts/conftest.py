"""A contact, how it looks, and the ways a request is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from contacts.actions import create_contact
from contacts.models import Contact
from core.timestamps import iso
from customers.models import Customer

FIELDS = {"email": "contact@example.com", "wa_number": "+94771234560", "tp_number": "+94112345678"}

NewContact = Callable[..., Contact]


@pytest.fixture
def new_contact(admin: User) -> NewContact:
    """Make a contact: `new_contact(customer, 1, is_primary=True)`; the number keeps contacts of one customer apart."""

    def make(customer: Customer, number: int = 0, **fields: Any) -> Contact:
        values = {
            "customer": customer.pk,
            "email": f"contact{number}@example.com",
            "wa_number": f"+9477000{number:04d}",
            "tp_number": f"+9411200{number:04d}",
            "is_primary": False,
            "is_active": True,
        }
        return create_contact(actor=admin, fields={**values, **fields})

    return make


@pytest.fixture
def contact(customer: Customer, new_contact: NewContact) -> Contact:
    """The primary contact of `customer`."""
    return new_contact(customer, is_primary=True, **FIELDS)


@pytest.fixture
def other_customer(stranger: User) -> Customer:
    """A customer of `stranger`, without a name."""
    return Customer.objects.create(phone="+94779999999", owner=stranger)


def shown(contact: Contact) -> dict[str, Any]:
    """A contact of John Doe as every endpoint shows it."""
    contact.refresh_from_db()
    return {
        "id": contact.pk,
        "customer": contact.customer_id,
        "customer_name": "John Doe",
        "customer_username": "johndoe",
        "email": contact.email,
        "wa_number": contact.wa_number,
        "tp_number": contact.tp_number,
        "is_primary": contact.is_primary,
        "is_active": contact.is_active,
        "contact_info": {
            "email": contact.email,
            "whatsapp": contact.wa_number,
            "telephone": contact.tp_number,
            "is_primary": contact.is_primary,
        },
        "created_at": iso(contact.created_at),
        "updated_at": iso(contact.updated_at),
    }


def failure(message: str, **errors: Any) -> dict[str, Any]:
    return {"success": False, "message": message, "errors": errors}


NOT_SIGNED_IN = failure("Authentication credentials were not provided.")
NO_CONTACT = failure("Contact not found.")


def snapshot() -> list[dict[str, Any]]:
    """Every contact, to see that nothing changed."""
    return list(Contact.objects.order_by("pk").values())
