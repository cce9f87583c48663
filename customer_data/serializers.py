"""Customer data as JSON, and the checks on what is written."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from rest_framework import serializers

from accounts.models.users import full_name
from core.fields import NameField, StrictBooleanField
from core.files.links import is_link_to, link, media_path
from core.files.uploads import UploadRefused, check_upload
from core.shapes import Time
from core.timestamps import iso
from customer_data.models import MAX_KEY, CustomerData
from customers.models import Customer, customer_number, customer_title
from customers.serializers.customer_fields import CustomerField

# Characters of a value.
MAX_VALUE = 100_000
# Entries in one bulk delete.
MAX_DELETED = 1_000


class UploadField(serializers.FileField):
    """An uploaded file, checked for size, kind and pixels. Null means no file."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, required=False, max_length=None, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        current = getattr(self.parent.instance, "file", None)
        # The path or the link that the row shows, sent back, means the current file.
        if isinstance(data, str) and current and is_link_to(current.name, data):
            raise serializers.SkipField
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        file = super().to_internal_value(data)
        try:
            check_upload(file)
        except UploadRefused as error:
            raise serializers.ValidationError(str(error))
        return file


class CustomerDataRow(TypedDict):
    """An entry: what a user noted about a customer."""

    id: int
    customer: int
    user: Annotated[int, "the id of the user who made the entry"]
    key: str
    value: Annotated[str, "can be empty if there is a file"]
    file: Annotated[str | None, "the path of the file"]
    file_url: Annotated[str | None, "a link that opens the file for you, as long as the session, up to a day"]
    file_name: Annotated[str | None, "the name it was uploaded with"]
    customer_name: str
    created_at: Time
    updated_at: Time


# The columns of an entry's row. Lists have no pages, and instances take three times as long as these.
_NAMES = ("first_name", "last_name", "username", "phone", "source")
_OWN = ("id", "customer_id", "user_id", "key", "value", "file", "file_name", "created_at", "updated_at")
ENTRY_COLUMNS = (*_OWN, *(f"customer__{name}" for name in _NAMES))


def entry_row(row: Mapping[str, Any], request: Any) -> CustomerDataRow:
    """A row of ENTRY_COLUMNS as JSON values, for the user of the request."""
    first, last, username, phone, source = (row[f"customer__{name}"] for name in _NAMES)
    called = full_name(first, last, username or phone or customer_number(row["customer_id"]))
    file = str(row["file"])
    return {
        "id": row["id"],
        "customer": row["customer_id"],
        "user": row["user_id"],
        "key": row["key"],
        "value": row["value"],
        "file": media_path(file) if file else None,
        "file_url": link(file, request=request) if file else None,
        "file_name": row["file_name"] if file else None,
        "customer_name": customer_title(called, username, source),
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


class CustomerDataSerializer(serializers.BaseSerializer[CustomerData]):
    """Shows entries, or rows of ENTRY_COLUMNS, to the user of the request in its context."""

    def to_representation(self, entry: CustomerData | dict[str, Any]) -> CustomerDataRow:
        if isinstance(entry, dict):
            return entry_row(entry, self.context["request"])
        names = {f"customer__{name}": getattr(entry.customer, name) for name in _NAMES}
        return entry_row({**{name: getattr(entry, name) for name in _OWN}, **names}, self.context["request"])


class ChangeDataSerializer(serializers.Serializer[Any]):
    """The body of PUT and PATCH. Every field is optional."""

    key = NameField(required=False, max_length=MAX_KEY)
    value = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, max_length=MAX_VALUE, trim_whitespace=False
    )
    file = UploadField(help_text="replaces the current file")
    remove_file = StrictBooleanField(default=False, help_text="true removes the current file")

    class Meta:
        ref_name = "CustomerDataChange"

    def validate_value(self, value: str | None) -> str:
        return value or ""


class CreateDataSerializer(ChangeDataSerializer):
    """The body of POST: a customer, a key, and a value or a file."""

    customer = CustomerField(queryset=Customer.objects.none(), help_text="the id of a customer")
    key = NameField(max_length=MAX_KEY, help_text="unique among your entries about the customer")
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


class CustomerDataDeleted(TypedDict):
    """Which entry was deleted."""

    message: str
    deleted_key: str


class CustomerDataBulkDeleted(TypedDict):
    """How many entries were deleted."""

    message: str
    deleted_count: int
