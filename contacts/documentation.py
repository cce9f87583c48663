"""What the contact endpoints answer, for Swagger. None of it runs when a request is served."""

from typing import Any

from drf_yasg import openapi
from rest_framework import serializers

from contacts.envelope import FailureSerializer
from contacts.serializers import MAX_CONTACTS, ContactWriteSerializer

REFUSALS = {
    status: openapi.Response(description, FailureSerializer)
    for status, description in {
        400: "`errors` says what is wrong.",
        401: "Not signed in, or the session has ended.",
        403: "Signed in, but not allowed.",
        404: "It does not exist, or you may not see it.",
    }.items()
}


class ContactInfoSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    whatsapp = serializers.CharField()
    telephone = serializers.CharField()
    is_primary = serializers.BooleanField()

    class Meta:
        ref_name = "ContactInfo"


class ContactSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField()
    customer_name = serializers.CharField()
    customer_username = serializers.CharField()
    email = serializers.EmailField()
    wa_number = serializers.CharField()
    tp_number = serializers.CharField()
    is_primary = serializers.BooleanField()
    is_active = serializers.BooleanField()
    contact_info = ContactInfoSerializer()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    class Meta:
        ref_name = "Contact"


def envelope(name: str, **data: Any) -> type[serializers.Serializer[Any]]:
    """The envelope of an answer. `data` is the serializer of what it holds; leave it out for an answer without data."""
    fields = {
        "success": serializers.BooleanField(default=True),
        "message": serializers.CharField(),
        **data,
        "Meta": type("Meta", (), {"ref_name": f"{name}Answer"}),
    }
    return type(f"{name}Answer", (serializers.Serializer,), fields)


class ContactPageSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ContactSerializer(many=True)

    class Meta:
        ref_name = "ContactPage"


class ContactsCustomerSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    customer_id = serializers.CharField()
    full_name = serializers.CharField()
    username = serializers.CharField()

    class Meta:
        ref_name = "ContactsCustomer"


class CustomerContactsSerializer(serializers.Serializer[Any]):
    customer = ContactsCustomerSerializer()
    contacts = ContactSerializer(many=True)

    class Meta:
        ref_name = "CustomerContacts"


class CustomerWithContactsSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    customer_id = serializers.CharField()
    username = serializers.CharField()
    email = serializers.EmailField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    full_name = serializers.CharField()
    nic = serializers.CharField()
    is_verified = serializers.BooleanField()
    contacts = ContactSerializer(many=True)
    primary_contact = ContactSerializer(allow_null=True)

    class Meta:
        ref_name = "CustomerWithContacts"


class ContactChangeSerializer(serializers.Serializer[Any]):
    """The body of PUT and PATCH. Every field is optional."""

    customer = serializers.IntegerField(required=False, help_text="if given, it must be the contact's current customer")
    email = serializers.EmailField(required=False)
    wa_number = serializers.CharField(required=False)
    tp_number = serializers.CharField(required=False)
    is_primary = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)

    class Meta:
        ref_name = "ContactChange"


class BulkErrorSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="the position in the request, from 0")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField())
    )

    class Meta:
        ref_name = "ContactBulkError"


class BulkResultSerializer(serializers.Serializer[Any]):
    created_contacts = ContactSerializer(many=True)
    errors = BulkErrorSerializer(many=True)  # type: ignore[assignment]

    class Meta:
        ref_name = "ContactBulkResult"


class BulkBodySerializer(serializers.Serializer[Any]):
    contacts = ContactWriteSerializer(many=True, help_text=f"at most {MAX_CONTACTS:,}")

    class Meta:
        ref_name = "ContactBulkBody"


class StatsSerializer(serializers.Serializer[Any]):
    total_contacts = serializers.IntegerField()
    active_contacts = serializers.IntegerField()
    inactive_contacts = serializers.IntegerField()
    primary_contacts = serializers.IntegerField()
    customers_with_contacts = serializers.IntegerField()
    customers_without_contacts = serializers.IntegerField()

    class Meta:
        ref_name = "ContactStats"


class StatsAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField(default=True)
    data = StatsSerializer()  # type: ignore[assignment]

    class Meta:
        ref_name = "ContactStatsAnswer"


CONTACT = envelope("Contact", data=ContactSerializer())
CONTACT_PAGE = envelope("ContactPage", data=ContactPageSerializer())
CUSTOMER_CONTACTS = envelope("CustomerContacts", data=CustomerContactsSerializer())
CUSTOMERS_WITH_CONTACTS = envelope("CustomersWithContacts", data=CustomerWithContactsSerializer(many=True))
BULK = envelope("ContactBulk", data=BulkResultSerializer())
DELETED = envelope("ContactDeleted")
