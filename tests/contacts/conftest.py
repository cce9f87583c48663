"""Contacts, and a customer of somebody else."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from contacts.actions import create_contact
from contacts.models import Contact
from customers.models import Customer
from tests.contacts.expected import FIELDS

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
