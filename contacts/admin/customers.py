"""The contacts on a customer's page in Django admin."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.http import HttpRequest

from accounts.models import User
from contacts.actions import create_contact, delete_contact, set_primary, toggle_status
from contacts.admin.contacts import CONFIRM
from contacts.models import Contact
from contacts.serializers import ContactWriteSerializer
from core.admin.actions import RowAction, RowForm
from customers.admin.registry import Section, add_section, on_item
from customers.models import Customer

_ROWS = 100
Given = Mapping[str, Any]


class ContactForm(RowForm):
    """A new contact. The serializer of the API checks it."""

    email = forms.CharField(max_length=254)
    wa_number = forms.CharField(label="WhatsApp number")
    tp_number = forms.CharField(label="Telephone number")
    is_primary = forms.BooleanField(required=False, label="Primary")


def _create(customer: Customer, actor: User, given: Given) -> str:
    checked = ContactWriteSerializer(data={**given, "customer": customer.pk})
    checked.is_valid(raise_exception=True)
    return create_contact(actor=actor, fields=checked.validated_data).email


def _to(action: Callable[..., Any]) -> Any:
    """What an action does to a contact, for a button."""

    def act(contact: Contact, actor: User, given: Given) -> str:
        action(actor=actor, contact=contact)
        return ""

    return act


def _contacts_of(customer: Customer) -> Any:
    return Contact.objects.filter(customer=customer)


CREATE = RowAction(
    "create_contact",
    "Add a contact",
    _create,
    done="added",
    form=ContactForm,
    asks="Messages from the WhatsApp number reach this customer's chat.",
)
PRIMARY = RowAction("set_primary", "Make primary", _to(set_primary), done="primary now")
TOGGLE = RowAction("toggle", "Switch on or off", _to(toggle_status), done="changed")
DELETE = RowAction(
    "delete_contact",
    "Delete",
    _to(delete_contact),
    done="deleted",
    asks="The contact is deleted. Whoever writes from its number next is a new customer.",
    harmful=True,
)


def _contacts(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {"contacts": _contacts_of(customer).primary_first()[:_ROWS], "rows": _ROWS}


add_section(
    Section(
        "contacts",
        "Contacts",
        30,
        "admin/contacts/customer.html",
        _contacts,
        (
            CREATE,
            on_item(CONFIRM, _contacts_of, label="Confirm"),
            *(on_item(action, _contacts_of) for action in (PRIMARY, TOGGLE, DELETE)),
        ),
    )
)
