"""Customer data as JSON, and the checks on what is written."""

from typing import Any

from rest_framework import serializers

from core.files.links import link, media_path
from core.files.uploads import UploadRefused, check_upload
from core.timestamps import iso
from customer_data.models import MAX_KEY, CustomerData
from customers.models import Customer
from customers.serializers.customer_fields import CustomerField

# Characters of a value.
MAX_VALUE = 100_000
# Entries in one bulk delete.
MAX_DELETED = 1_000


class UploadField(serializers.FileField):
    """An uploaded file, checked for size, kind and pixels. Null means no file."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, required=False, max_length=None, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        file = super().to_internal_value(data)
        try:
            check_upload(file)
        except UploadRefused as error:
            raise serializers.ValidationError(str(error))
        return file


class CustomerDataSerializer(serializers.Serializer[Any]):
    """Shows entries; the fields are declared for the API's documentation. Needs `request` in the context."""

    id = serializers.IntegerField()
    customer = serializers.IntegerField()
    user = serializers.IntegerField(help_text="the id of the user who made the entry")
    key = serializers.CharField()
    value = serializers.CharField(help_text="can be empty if there is a file")
    file = serializers.CharField(allow_null=True, help_text="the path of the file")
    file_url = serializers.CharField(allow_null=True, help_text="a link that opens the file for up to five minutes")
    file_name = serializers.CharField(allow_null=True, help_text="the name it was uploaded with")
    customer_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    class Meta:
        ref_name = "CustomerData"

    def to_representation(self, entry: CustomerData) -> dict[str, Any]:
        name = entry.file.name
        return {
            "id": entry.pk,
            "customer": entry.customer_id,
            "user": entry.user_id,
            "key": entry.key,
            "value": entry.value,
            "file": media_path(name) if name else None,
            "file_url": link(name, request=self.context["request"]) if name else None,
            "file_name": entry.file_name if name else None,
            "customer_name": str(entry.customer),
            "created_at": iso(entry.created_at),
            "updated_at": iso(entry.updated_at),
        }


class ChangeDataSerializer(serializers.Serializer[Any]):
    """The body of PUT and PATCH. Every field is optional."""

    key = serializers.CharField(required=False, max_length=MAX_KEY)
    value = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, max_length=MAX_VALUE, trim_whitespace=False
    )
    file = UploadField(help_text="replaces the current file")
    remove_file = serializers.BooleanField(default=False, help_text="true removes the current file")

    class Meta:
        ref_name = "CustomerDataChange"

    def validate_value(self, value: str | None) -> str:
        return value or ""


class CreateDataSerializer(ChangeDataSerializer):
    """The body of POST: a customer, a key, and a value or a file."""

    customer = CustomerField(queryset=Customer.objects.none(), help_text="the id of a customer")
    key = serializers.CharField(max_length=MAX_KEY, help_text="unique among your entries about the customer")
    file = UploadField(help_text="a file to attach")
    remove_file = None  # type: ignore[assignment]

    class Meta:
        ref_name = "CustomerDataCreate"

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        if (request := self.context.get("request")) is not None:
            fields["customer"].queryset = Customer.objects.at_desk_of(request.user)
        return fields


class BulkDeleteSerializer(serializers.Serializer[Any]):
    """The body of the bulk delete."""

    data_ids = serializers.ListField(child=serializers.IntegerField(), allow_empty=False, max_length=MAX_DELETED)

    class Meta:
        ref_name = "CustomerDataBulkDelete"

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            # DRF keys the errors of items by their position; a client that sent `[1, "x"]` is told what is expected.
            if isinstance(error.detail, dict) and isinstance(error.detail.get("data_ids"), dict):
                raise serializers.ValidationError({"data_ids": ["data_ids must be a list of integers."]})
            raise


class DeletedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    deleted_key = serializers.CharField()

    class Meta:
        ref_name = "CustomerDataDeleted"


class BulkDeletedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    deleted_count = serializers.IntegerField()

    class Meta:
        ref_name = "CustomerDataBulkDeleted"
