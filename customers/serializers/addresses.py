"""Addresses as JSON."""

from typing import Annotated, Any, TypedDict

from rest_framework import serializers

from core.fields import NameField, StrictBooleanField
from core.shapes import Time
from core.timestamps import iso
from customers.models import Address, AddressType, Customer
from customers.serializers.customer_fields import CustomerField
from customers.serializers.customers import PhoneField


class AddressRow(TypedDict):
    """A billing or shipping address of a customer."""

    id: int
    customer: int
    address_type: Annotated[str, AddressType]
    first_name: str
    last_name: str
    company: str
    phone: str | None
    address_line1: str
    address_line2: str
    city: str
    state: str
    postal_code: str
    country: str
    is_default: bool
    created_at: Time
    updated_at: Time


class AddressSerializer(serializers.Serializer[Any]):
    """An address to be written. Customers write their own, admins name the customer."""

    customer = CustomerField(
        queryset=Customer.objects.none(),
        required=False,
        help_text="the id of the customer; required from admins, always themselves for customers",
    )
    address_type = serializers.ChoiceField(choices=AddressType.choices)
    first_name = NameField(required=False, allow_blank=True, max_length=150)
    last_name = NameField(required=False, allow_blank=True, max_length=150)
    company = NameField(required=False, allow_blank=True, max_length=150)
    phone = PhoneField(required=False)
    address_line1 = serializers.CharField(max_length=255)
    address_line2 = serializers.CharField(required=False, allow_blank=True, max_length=255)
    city = NameField(max_length=100)
    state = NameField(required=False, allow_blank=True, max_length=100)
    postal_code = serializers.RegexField(
        r"^[\w -]*\Z", required=False, allow_blank=True, max_length=20, help_text="letters, digits, spaces and hyphens"
    )
    country = NameField(max_length=100)
    is_default = StrictBooleanField(required=False)

    class Meta:
        ref_name = "AddressWrite"

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        if (request := self.context.get("request")) is not None:
            fields["customer"].queryset = Customer.objects.visible_to(request.user)
        return fields

    def to_representation(self, address: Address) -> AddressRow:  # type: ignore[override]
        return {
            "id": address.pk,
            "customer": address.customer_id,
            "address_type": address.address_type,
            "first_name": address.first_name,
            "last_name": address.last_name,
            "company": address.company,
            "phone": address.phone,
            "address_line1": address.address_line1,
            "address_line2": address.address_line2,
            "city": address.city,
            "state": address.state,
            "postal_code": address.postal_code,
            "country": address.country,
            "is_default": address.is_default,
            "created_at": iso(address.created_at),
            "updated_at": iso(address.updated_at),
        }
