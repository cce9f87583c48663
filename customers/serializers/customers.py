"""Customers as JSON, in the same shape in REST and in events."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, TypedDict

from rest_framework import serializers

from accounts.models import User, full_name
from accounts.serializers import OwnerRef
from core.bodies import BodySerializer
from core.currencies import CURRENCIES
from core.fields import NameField, StrictBooleanField
from core.phones import InvalidPhone, normalize
from core.shapes import FreeObject, Time
from core.timestamps import iso
from customers.models import Customer, LoyaltyTier, Source, customer_number

# The columns `customer_row` needs. Reading them with `.values()` costs a third of loading model instances
# (docs/decisions/005-hand-written-sql.md).
CUSTOMER_COLUMNS = (
    "id",
    "first_name",
    "last_name",
    "username",
    "email",
    "phone",
    "source",
    "notes",
    "is_active",
    "is_verified",
    "is_vip",
    "loyalty_tier",
    "owner_id",
    "owner__first_name",
    "owner__last_name",
    "owner__username",
    "owner__is_active",
    "referral_first",
    "referral_last",
    "blocked_at",
    "block_error",
    "date_joined",
    "updated_at",
)


class Referral(TypedDict):
    """The advertisements that brought a customer: what Meta said of each, and when (`at`)."""

    first: Annotated[FreeObject | None, "the first one; null: none brought them"]
    last: Annotated[FreeObject | None, "the latest one, which may be the same"]


def referral_data(first: FreeObject | None, last: FreeObject | None) -> Referral:
    """The advertisements of a customer as JSON values."""
    return {"first": first, "last": last}


class BlockError(TypedDict):
    """Why a customer was not blocked, or not unblocked."""

    code: Annotated[int | str, "a number is Meta's code"]
    title: str
    detail: str
    retryable: Annotated[bool, "whether asking again can help"]


class CustomerRow(TypedDict):
    """A customer."""

    id: int
    customer_id: Annotated[str, "like CUST000001"]
    name: str
    first_name: str
    last_name: str
    username: str
    email: str
    phone: str | None
    source: Annotated[str, Source]
    notes: str
    is_active: bool
    is_verified: bool
    is_vip: bool
    loyalty_tier: Annotated[str, LoyaltyTier]
    owner: OwnerRef | None
    referral: Annotated[Referral, "the advertisements that brought them"]
    blocked: Annotated[bool, "nothing is sent to them, and WhatsApp takes nothing from them"]
    block_error: Annotated[BlockError | None, "why WhatsApp did not block or unblock them when it was asked last"]
    created_at: Time
    updated_at: Time


def customer_row(row: Mapping[str, Any]) -> CustomerRow:
    """A row of CUSTOMER_COLUMNS as JSON values."""
    pk, owner_id = row["id"], row["owner_id"]
    number = customer_number(pk)
    return {
        "id": pk,
        "customer_id": number,
        "name": full_name(row["first_name"], row["last_name"], row["username"] or row["phone"] or number),
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "username": row["username"],
        "email": row["email"],
        "phone": row["phone"],
        "source": row["source"],
        "notes": row["notes"],
        "is_active": row["is_active"],
        "is_verified": row["is_verified"],
        "is_vip": row["is_vip"],
        "loyalty_tier": row["loyalty_tier"],
        "owner": {
            "id": owner_id,
            "name": full_name(row["owner__first_name"], row["owner__last_name"], row["owner__username"]),
            "is_active": row["owner__is_active"],
        }
        if owner_id
        else None,
        "referral": referral_data(row["referral_first"], row["referral_last"]),
        "blocked": row["blocked_at"] is not None,
        "block_error": row["block_error"],
        "created_at": iso(row["date_joined"]),
        "updated_at": iso(row["updated_at"]),
    }


def known_columns(customer: Customer) -> dict[str, Any]:
    """The row of CUSTOMER_COLUMNS of a customer who was just stored with their owner, from memory."""
    row = {}
    for column in CUSTOMER_COLUMNS:
        of, _, name = column.rpartition("__")
        row[column] = getattr(getattr(customer, of) if of else customer, name, None)
    return row


def customer_event_data(customer: Customer) -> CustomerRow:
    """The data of a `customer_updated` event: the customer's part of a desk row. Takes one query."""
    return customer_row(Customer.objects.values(*CUSTOMER_COLUMNS).get(pk=customer.pk))


def customers_event_data(customer_ids: Collection[int]) -> dict[int, CustomerRow]:
    """`customer_event_data` of many customers, by id. Takes one query."""
    rows = Customer.objects.filter(pk__in=customer_ids).values(*CUSTOMER_COLUMNS)
    return {row["id"]: customer_row(row) for row in rows}


class PhoneField(serializers.CharField):
    """A phone number, stored in international form. Blank means none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "like +94771234567 or 0771234567")
        super().__init__(allow_null=True, allow_blank=True, max_length=40, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data) or None

    def to_internal_value(self, data: Any) -> str | None:  # type: ignore[override]
        text = super().to_internal_value(data)
        if not text:
            return None
        try:
            return normalize(text)
        except InvalidPhone as error:
            raise serializers.ValidationError(str(error))


class CurrencyField(serializers.CharField):
    """A currency of ISO 4217, stored in capitals. One that is stored already is always accepted."""

    default_error_messages = {"invalid_choice": "Give a currency of ISO 4217, like USD."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "ISO 4217, like USD")
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data).upper()
        if code not in CURRENCIES and code != getattr(self.parent.instance, self.field_name or "", None):
            self.fail("invalid_choice")
        return code


class OwnerField(serializers.PrimaryKeyRelatedField[User]):
    """An active salesperson, by id or as `{"id", "name"}` like in responses. The current owner is always accepted."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=User.objects.sellers(),
            pk_field=serializers.IntegerField(),
            allow_null=True,
            help_text="the id of a salesperson, or null for none",
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> User:
        given = data["id"] if isinstance(data, dict) and "id" in data else data
        current: User | None = getattr(self.parent.instance, "owner", None)
        if current is not None and str(given) == str(current.pk):
            return current
        owner: User = super().to_internal_value(given)
        return owner


class CustomerWriteSerializer(BodySerializer):
    """The fields of a customer that can be set; sales may only change names and notes."""

    name = NameField(
        required=False,
        allow_blank=True,
        max_length=301,
        help_text="instead of first_name and last_name: the first word is the first name",
    )
    first_name = NameField(required=False, allow_blank=True, max_length=150)
    last_name = NameField(required=False, allow_blank=True, max_length=150)
    username = NameField(required=False, allow_blank=True, max_length=150, help_text="the handle, without @")
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    phone = PhoneField(required=False)
    source = serializers.ChoiceField(required=False, choices=Source.choices)  # type: ignore[assignment]
    notes = serializers.CharField(required=False, allow_blank=True, max_length=20_000, trim_whitespace=False)
    is_active = StrictBooleanField(required=False)
    is_verified = StrictBooleanField(required=False)
    is_vip = StrictBooleanField(required=False)
    loyalty_tier = serializers.ChoiceField(required=False, choices=LoyaltyTier.choices)
    owner = OwnerField(required=False)

    class Meta:
        ref_name = "CustomerWrite"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Split `name`. A first or last name that is sent too wins over it, unless it is sent back unchanged."""
        if "name" in attrs:
            split = _split(attrs.pop("name"), self.instance)
            kept = {part for part in split if self.instance and attrs.get(part) == getattr(self.instance, part)}
            attrs = {**split, **{field: value for field, value in attrs.items() if field not in kept}}
        known_by = ("first_name", "last_name", "username", "email", "phone")
        if self.instance is None and not any(attrs.get(field) for field in known_by):
            raise serializers.ValidationError("Give a name, a phone number, an email or a username.")
        return attrs


def _split(name: str, customer: Customer | None) -> dict[str, str]:
    # Customers without names are shown by handle, phone or number. That name, sent back, is not a first name.
    if customer is not None and name == customer.name:
        return {}
    first, last = [*name.split(maxsplit=1), "", ""][:2]
    if max(len(first), len(last)) > 150:
        raise serializers.ValidationError({"name": ["Ensure first and last name have no more than 150 characters."]})
    return {"first_name": first, "last_name": last}
