"""Contacts as JSON, and the checks on what is written."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, TypedDict

from rest_framework import serializers
from rest_framework.serializers import as_serializer_error

from accounts.models.users import full_name
from contacts.models import Contact
from core.fields import StrictBooleanField
from core.phones import InvalidPhone, normalize
from core.shapes import FreeObject, Time
from core.timestamps import iso
from customers.models import customer_number

# In one bulk create.
MAX_CONTACTS = 1000

# The columns that `contact_row` needs. Rows come from `.values()`, which takes a third of the time of model instances.
CONTACT_COLUMNS = (
    "id",
    "customer_id",
    "customer__first_name",
    "customer__last_name",
    "customer__username",
    "customer__phone",
    "email",
    "wa_number",
    "tp_number",
    "is_primary",
    "is_active",
    "created_at",
    "updated_at",
)


def customer_name(customer_id: int, row: Mapping[str, Any], prefix: str = "") -> str:
    """A customer's name from the columns of a row; without a name, the username, phone or customer id."""
    fallback = row[f"{prefix}username"] or row[f"{prefix}phone"] or customer_number(customer_id)
    return full_name(row[f"{prefix}first_name"], row[f"{prefix}last_name"], fallback)


class ContactInfo(TypedDict):
    """How a contact is reached."""

    email: str
    whatsapp: str
    telephone: str
    is_primary: bool


class ContactRow(TypedDict):
    """A contact of a customer."""

    id: int
    customer: int
    customer_name: str
    customer_username: str
    email: str
    wa_number: str
    tp_number: str
    is_primary: bool
    is_active: bool
    contact_info: ContactInfo
    created_at: Time
    updated_at: Time


class ItemErrors(TypedDict):
    """What is wrong with one item of a bulk create."""

    index: Annotated[int, "the position in the request, from 0"]
    errors: Annotated[FreeObject, "texts by field"]


def contact_row(row: Mapping[str, Any]) -> ContactRow:
    """A row of CONTACT_COLUMNS as JSON values."""
    return {
        "id": row["id"],
        "customer": row["customer_id"],
        "customer_name": customer_name(row["customer_id"], row, "customer__"),
        "customer_username": row["customer__username"],
        "email": row["email"],
        "wa_number": row["wa_number"],
        "tp_number": row["tp_number"],
        "is_primary": row["is_primary"],
        "is_active": row["is_active"],
        "contact_info": {
            "email": row["email"],
            "whatsapp": row["wa_number"],
            "telephone": row["tp_number"],
            "is_primary": row["is_primary"],
        },
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def contact_data(contact: Contact) -> ContactRow:
    """One contact as JSON values. Costs one query."""
    return contacts_data([contact])[0]


def contacts_data(contacts: Iterable[Contact]) -> list[ContactRow]:
    """Contacts as JSON values, in the same order. Costs one query."""
    pks = [contact.pk for contact in contacts]
    rows = {row["id"]: row for row in Contact.objects.filter(pk__in=pks).values(*CONTACT_COLUMNS)}
    return [contact_row(rows[pk]) for pk in pks]


class PhoneField(serializers.CharField):
    """A phone number, stored in international form. `invalid` is the error text, and names the accepted formats."""

    def __init__(self, invalid: str, **kwargs: Any) -> None:
        self.invalid = invalid
        messages: dict[str, Any] = {"blank": invalid, "invalid": invalid}
        super().__init__(error_messages=messages, help_text=invalid, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return normalize(super().to_internal_value(data))
        except InvalidPhone:
            self.fail("invalid")


class ContactWriteSerializer(serializers.Serializer[Any]):
    """The fields of a contact that can be written."""

    # Rights and duplicates are left to contacts/actions.py.

    customer = serializers.IntegerField(help_text="the id of a customer")
    email = serializers.EmailField(max_length=254)
    wa_number = PhoneField("WhatsApp number must be in format '+94771234567' or '0771234567'.")
    tp_number = PhoneField("Telephone number must be in format '+94112345678' or '0112345678'.")
    is_primary = StrictBooleanField(default=False)
    is_active = StrictBooleanField(default=True)

    class Meta:
        ref_name = "ContactWrite"

    def validate_customer(self, customer_id: int) -> int:
        contact: Contact | None = self.instance
        if contact is not None and customer_id != contact.customer_id:
            raise serializers.ValidationError("The customer of a contact cannot be changed.")
        return customer_id

    def validate_email(self, email: str) -> str:
        # SQLite lowers ASCII letters only. Others can occur in a domain, which is therefore stored in lower case.
        local, _, domain = email.rpartition("@")
        return email if domain.isascii() else f"{local}@{domain.lower()}"


class BulkCreated(TypedDict):
    """What became of many contacts."""

    created_contacts: list[ContactRow]
    errors: list[ItemErrors]


class UncheckedContact(serializers.Field[Any, Any, Any, Any]):
    """An item of a bulk create: a contact, if it passes its own checks."""

    described_by = ContactWriteSerializer

    def to_internal_value(self, data: Any) -> Any:
        return data


class BulkCreateSerializer(serializers.Serializer[Any]):
    """Many contacts. Items are checked one by one: a bad one does not spoil the others."""

    contacts = serializers.ListField(
        child=UncheckedContact(allow_null=True),
        allow_empty=False,
        max_length=MAX_CONTACTS,
        help_text=f"at most {MAX_CONTACTS:,}",
    )

    class Meta:
        ref_name = "ContactBulkBody"


def validate_items(items: list[Any]) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]]]:
    """Check the items of a bulk create; return the fields of the valid ones and the errors of the others, by index."""
    item_serializer = ContactWriteSerializer()
    valid, errors = {}, {}
    for index, item in enumerate(items):
        try:
            valid[index] = item_serializer.run_validation(item)
        except serializers.ValidationError as error:
            errors[index] = as_serializer_error(error)
    return valid, errors


def error_items(errors: Mapping[int, dict[str, Any]]) -> Iterator[ItemErrors]:
    """The errors of a bulk create as they are answered, in order."""
    return ({"index": index, "errors": errors[index]} for index in sorted(errors))
