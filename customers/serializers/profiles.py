"""Customers' profiles as JSON, and the fields of them that can be set."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from django.utils import timezone
from rest_framework import serializers

from accounts.serializers import CurrentPasswordField, OwnerRef, owner_ref
from core.fields import NameField, StrictBooleanField
from core.files.kinds import Family, kind_of
from core.files.links import Links, is_link_to, links_for
from core.files.names import shown_name
from core.files.uploads import UploadRefused, check_upload
from core.shapes import Day, Money, OneOf, Ref, Time
from core.timestamps import iso
from customers.group_members import benefits_of, groups_of
from customers.models import Customer, CustomerGroup, Gender, LoyaltyTier, Order, Source
from customers.models.choices import language_tag
from customers.money import average, money, shown
from customers.serializers.customers import CurrencyField, OwnerField, PhoneField, Referral, referral_data
from customers.serializers.marketing import NOT_SAID, Marketing, marketing_of
from customers.tiers import BenefitsRow

MAX_AVATAR_BYTES = 5 * 1024 * 1024
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,6})?\Z"


class CustomerStats(TypedDict):
    """What a customer has bought."""

    total_orders: int
    total_spent: Money
    average_order_value: Money
    last_order_date: Time | None
    loyalty_points: int
    loyalty_tier: Annotated[str, LoyaltyTier]


class ProfileRow(TypedDict):
    """The profile of a customer. Only staff see the source, the owner, the notes and the phone to confirm."""

    id: int
    customer_id: Annotated[str, "like CUST000001"]
    username: str
    email: str
    first_name: str
    last_name: str
    full_name: str
    phone: Annotated[str | None, "the one that customers enter themselves may still wait to be proved"]
    phone_verified: bool
    nic: str
    avatar: Annotated[str | None, "a link to the picture that works for you, for at most five minutes"]
    gender: Annotated[str, OneOf((*Gender.values, "")), "empty if it is not known"]
    date_of_birth: Day | None
    preferred_language: str
    preferred_currency: str
    accepts_marketing_email: bool
    accepts_marketing_sms: bool
    marketing: Annotated[Marketing, "whether they want marketing messages on WhatsApp"]
    is_active: bool
    is_verified: bool
    is_vip: bool
    loyalty_tier: Annotated[str, LoyaltyTier]
    loyalty_points: int
    total_orders: int
    total_spent: Money
    average_order_value: Money
    last_order_date: Time | None
    totals_by_currency: Annotated[dict[str, Money], "what the orders that count come to, in each of their currencies"]
    customer_groups: Annotated[list[Ref], "by name"]
    benefits: BenefitsRow
    date_joined: Time
    updated_at: Time
    source: NotRequired[Annotated[str, Source, "shown to staff"]]
    owner: NotRequired[Annotated[OwnerRef | None, "shown to staff"]]
    notes: NotRequired[Annotated[str, "shown to staff"]]
    referral: NotRequired[Annotated[Referral, "the advertisements that brought them; shown to staff"]]
    phone_to_confirm: NotRequired[Annotated[str | None, "what confirm-phone would vouch for; shown to staff"]]


def stats_data(customer: Customer) -> CustomerStats:
    """The six documented statistics."""
    return {
        "total_orders": customer.total_orders,
        "total_spent": money(customer.total_spent),
        "average_order_value": average(customer.total_spent, customer.total_orders),
        "last_order_date": iso(customer.last_order_date),
        "loyalty_points": customer.loyalty_points,
        "loyalty_tier": customer.loyalty_tier,
    }


# What orders come to, by currency.
_Sums = Mapping[str, Decimal]
_NONE: _Sums = {}


def profile_data(
    customer: Customer,
    groups: Collection[CustomerGroup],
    *,
    links: Links | None,
    for_staff: bool,
    totals: _Sums = _NONE,
    marketing: Marketing = NOT_SAID,
) -> ProfileRow:
    """A profile as JSON values, with the groups that the customer belongs to and the `totals` in each currency."""
    phone, phone_verified = _phone_shown(customer, for_staff=for_staff)
    data: ProfileRow = {
        "id": customer.pk,
        "customer_id": customer.customer_id,
        "username": customer.username,
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "full_name": customer.name,
        "phone": phone,
        "phone_verified": phone_verified,
        "nic": customer.nic,
        "avatar": links.to(customer.avatar.name) if customer.avatar.name and links else None,
        "gender": customer.gender,
        "date_of_birth": customer.date_of_birth.isoformat() if customer.date_of_birth else None,
        **_wishes(customer),
        "marketing": marketing,
        "is_active": customer.is_active,
        "is_verified": customer.is_verified,
        "is_vip": customer.is_vip,
        **stats_data(customer),  # type: ignore[typeddict-item]  # mypy fears that it has what staff alone see
        "totals_by_currency": {code: shown(total, code) for code, total in totals.items()},
        "customer_groups": [{"id": group.pk, "name": group.name} for group in groups],
        "benefits": benefits_of(customer, groups),
        "date_joined": iso(customer.date_joined),
        "updated_at": iso(customer.updated_at),
    }
    return _with_what_staff_see(data, customer) if for_staff else data


class _Wishes(TypedDict):
    preferred_language: str
    preferred_currency: str
    accepts_marketing_email: bool
    accepts_marketing_sms: bool


def _wishes(customer: Customer) -> _Wishes:
    return {
        "preferred_language": customer.preferred_language,
        "preferred_currency": customer.preferred_currency,
        "accepts_marketing_email": customer.accepts_marketing_email,
        "accepts_marketing_sms": customer.accepts_marketing_sms,
    }


def _with_what_staff_see(data: ProfileRow, customer: Customer) -> ProfileRow:
    data["source"] = customer.source
    data["owner"] = owner_ref(customer.owner)
    data["notes"] = customer.notes
    data["referral"] = referral_data(customer.referral_first, customer.referral_last)
    data["phone_to_confirm"] = customer.phone_to_confirm
    return data


def _phone_shown(customer: Customer, *, for_staff: bool) -> tuple[str | None, bool]:
    """The phone to show, and whether it is proved. People see what they claim, staff see where messages come from."""
    trusted = customer.phone if customer.phone_trusted else None
    if trusted and (for_staff or not customer.pending_phone):
        return trusted, customer.phone_verified
    return customer.pending_phone or customer.phone or None, False


def profiles_data(customers: Collection[Customer], request: Any) -> list[ProfileRow]:
    """Profiles in the given order, as the user behind `request` may see them. At most five queries."""
    groups = groups_of(customers)
    totals = Order.objects.by_currency([one.pk for one in customers if one.total_orders])
    marketing = marketing_of([one.pk for one in customers])
    user = request.user
    links = links_for(request) if user.is_authenticated else None
    for_staff = user.is_authenticated and (user.is_admin or user.is_sales)
    return [
        profile_data(
            one,
            groups[one.pk],
            links=links,
            for_staff=for_staff,
            totals=totals.get(one.pk, _NONE),
            marketing=marketing[one.pk],
        )
        for one in customers
    ]


class AvatarField(serializers.FileField):
    """A picture. Null or an empty value removes the current one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, help_text="a picture of at most 5 MB, as multipart/form-data", **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str) and data:
            current = getattr(self.parent.instance, "avatar", None)
            # The link that the profile shows, sent back, means the current picture.
            if current and is_link_to(current.name, data):
                raise serializers.SkipField
            self.fail("invalid")
        return super().run_validation(None if data == "" else data) or ""

    def to_internal_value(self, data: Any) -> Any:
        file = super().to_internal_value(data)
        kind = kind_of(shown_name(file.name or ""))
        if kind is None or kind.family is not Family.PICTURE:
            raise serializers.ValidationError("Upload a picture.")
        if file.size > MAX_AVATAR_BYTES:
            raise serializers.ValidationError("The picture can have at most 5 MB.")
        try:
            check_upload(file)
        except UploadRefused as error:
            raise serializers.ValidationError(str(error))
        return file


class OwnProfileSerializer(serializers.Serializer[Any]):
    """What customers can set about themselves."""

    first_name = NameField(required=False, allow_blank=True, max_length=150)
    last_name = NameField(required=False, allow_blank=True, max_length=150)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    phone = PhoneField(required=False)
    nic = serializers.CharField(required=False, allow_blank=True, max_length=20)
    avatar = AvatarField(required=False)
    gender = serializers.ChoiceField(required=False, allow_blank=True, choices=Gender.choices)
    date_of_birth = serializers.DateField(required=False, allow_null=True)
    preferred_language = serializers.RegexField(
        _LANGUAGE,
        required=False,
        max_length=10,
        error_messages={"invalid": "Give a language like en or pt-BR."},
    )
    preferred_currency = CurrencyField(required=False)
    accepts_marketing_email = StrictBooleanField(required=False)
    accepts_marketing_sms = StrictBooleanField(required=False)
    current_password = CurrentPasswordField()

    class Meta:
        ref_name = "OwnProfileWrite"

    def validate_date_of_birth(self, value: date | None) -> date | None:
        if value is not None and value > timezone.now().date():
            raise serializers.ValidationError("The date of birth cannot be in the future.")
        return value

    def validate_preferred_language(self, value: str) -> str:
        return language_tag(value)


class ProfileWriteSerializer(OwnProfileSerializer):
    """What admins can set in a profile. Customers may send these fields back unchanged."""

    username = NameField(required=False, allow_blank=True, max_length=150)
    source = serializers.ChoiceField(required=False, choices=Source.choices)  # type: ignore[assignment]
    notes = serializers.CharField(required=False, allow_blank=True, max_length=20_000, trim_whitespace=False)
    is_active = StrictBooleanField(required=False)
    is_verified = StrictBooleanField(required=False)
    is_vip = StrictBooleanField(required=False)
    loyalty_tier = serializers.ChoiceField(required=False, choices=LoyaltyTier.choices)
    owner = OwnerField(required=False)

    class Meta:
        ref_name = "ProfileWrite"
