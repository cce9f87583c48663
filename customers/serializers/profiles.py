"""Customers' profiles as JSON, and the fields of them that can be set."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.serializers import owner_ref
from core.files.kinds import Family, kind_of
from core.files.links import Links, links_for
from core.files.names import shown_name
from core.files.uploads import UploadRefused, check_upload
from core.timestamps import iso
from customers.group_members import benefits_of
from customers.models import Customer, Gender, LoyaltyTier, Source
from customers.models.customers import language_tag
from customers.money import average, money
from customers.serializers.customers import CurrencyField, OwnerField, OwnerRefSerializer, PhoneField

MAX_AVATAR_BYTES = 5 * 1024 * 1024
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,6})?\Z"


def stats_data(customer: Customer) -> dict[str, Any]:
    """The six documented statistics."""
    return {
        "total_orders": customer.total_orders,
        "total_spent": money(customer.total_spent),
        "average_order_value": average(customer.total_spent, customer.total_orders),
        "last_order_date": iso(customer.last_order_date),
        "loyalty_points": customer.loyalty_points,
        "loyalty_tier": customer.loyalty_tier,
    }


def profile_data(customer: Customer, benefits: dict[str, Any], *, links: Links | None, for_staff: bool) -> Any:
    """A profile as JSON values. Only staff see the source, the owner and the notes."""
    phone, phone_verified = _phone_shown(customer, for_staff=for_staff)
    data = {
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
        "preferred_language": customer.preferred_language,
        "preferred_currency": customer.preferred_currency,
        "accepts_marketing_email": customer.accepts_marketing_email,
        "accepts_marketing_sms": customer.accepts_marketing_sms,
        "is_active": customer.is_active,
        "is_verified": customer.is_verified,
        "is_vip": customer.is_vip,
        "loyalty_tier": customer.loyalty_tier,
        "loyalty_points": customer.loyalty_points,
        "total_orders": customer.total_orders,
        "total_spent": money(customer.total_spent),
        "last_order_date": iso(customer.last_order_date),
        "benefits": benefits,
        "date_joined": iso(customer.date_joined),
        "updated_at": iso(customer.updated_at),
    }
    if for_staff:
        data |= {"source": customer.source, "owner": owner_ref(customer.owner), "notes": customer.notes}
    return data


def _phone_shown(customer: Customer, *, for_staff: bool) -> tuple[str | None, bool]:
    """The phone to show, and whether it is proved. People see what they claim, staff see where messages come from."""
    trusted = customer.phone if customer.phone_trusted else None
    if trusted and (for_staff or not customer.pending_phone):
        return trusted, customer.phone_verified
    return customer.pending_phone or customer.phone or None, False


def profiles_data(customers: Collection[Customer], request: Any) -> list[dict[str, Any]]:
    """Profiles in the given order, as the user behind `request` may see them. At most three queries."""
    benefits = benefits_of(customers)
    user = request.user
    links = links_for(request) if user.is_authenticated else None
    for_staff = user.is_authenticated and (user.is_admin or user.is_sales)
    return [profile_data(one, benefits[one.pk], links=links, for_staff=for_staff) for one in customers]


class BenefitsSerializer(serializers.Serializer[Any]):
    """The best of what the tier and the groups give."""

    discount_percentage = serializers.DecimalField(max_digits=5, decimal_places=2)
    priority_support = serializers.BooleanField()
    free_shipping = serializers.BooleanField()

    class Meta:
        ref_name = "Benefits"


class ProfileSerializer(serializers.Serializer[Any]):
    """Describes profiles in the API documentation; profiles_data makes them."""

    id = serializers.IntegerField()
    customer_id = serializers.CharField(help_text="like CUST000001")
    username = serializers.CharField()
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    full_name = serializers.CharField()
    phone = serializers.CharField(
        allow_null=True, help_text="the one that customers enter themselves may still wait to be proved"
    )
    phone_verified = serializers.BooleanField()
    nic = serializers.CharField()
    avatar = serializers.CharField(
        allow_null=True, help_text="a link to the picture that works for you, for at most five minutes"
    )
    gender = serializers.CharField(help_text="male, female, other or empty")
    date_of_birth = serializers.DateField(allow_null=True)
    preferred_language = serializers.CharField()
    preferred_currency = serializers.CharField()
    accepts_marketing_email = serializers.BooleanField()
    accepts_marketing_sms = serializers.BooleanField()
    is_active = serializers.BooleanField()
    is_verified = serializers.BooleanField()
    is_vip = serializers.BooleanField()
    loyalty_tier = serializers.ChoiceField(choices=LoyaltyTier.choices)
    loyalty_points = serializers.IntegerField()
    total_orders = serializers.IntegerField()
    total_spent = serializers.DecimalField(max_digits=12, decimal_places=2)
    last_order_date = serializers.DateTimeField(allow_null=True)
    benefits = BenefitsSerializer()
    date_joined = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    source = serializers.ChoiceField(choices=Source.choices, required=False, help_text="shown to staff")  # type: ignore[assignment]
    owner = OwnerRefSerializer(allow_null=True, required=False, help_text="shown to staff")
    notes = serializers.CharField(required=False, help_text="shown to staff")

    class Meta:
        ref_name = "Profile"


class StatsSerializer(serializers.Serializer[Any]):
    total_orders = serializers.IntegerField()
    total_spent = serializers.DecimalField(max_digits=12, decimal_places=2)
    average_order_value = serializers.DecimalField(max_digits=12, decimal_places=2)
    last_order_date = serializers.DateTimeField(allow_null=True)
    loyalty_points = serializers.IntegerField()
    loyalty_tier = serializers.ChoiceField(choices=LoyaltyTier.choices)

    class Meta:
        ref_name = "CustomerStats"


class AvatarField(serializers.FileField):
    """A picture. Null or an empty value removes the current one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, help_text="a picture of at most 5 MB, as multipart/form-data", **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # The link that the profile shows, sent back, means the current picture.
        if isinstance(data, str) and data:
            raise serializers.SkipField
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
    """What customers can set about themselves. Checks the fields, saves nothing."""

    first_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    last_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    phone = PhoneField(required=False)
    nic = serializers.CharField(required=False, allow_blank=True, max_length=20)
    avatar = AvatarField(required=False)
    gender = serializers.ChoiceField(required=False, allow_blank=True, choices=Gender.choices)
    date_of_birth = serializers.DateField(required=False, allow_null=True)
    preferred_language = serializers.RegexField(_LANGUAGE, required=False, max_length=10)
    preferred_currency = CurrencyField(required=False)
    accepts_marketing_email = serializers.BooleanField(required=False)
    accepts_marketing_sms = serializers.BooleanField(required=False)

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

    username = serializers.CharField(required=False, allow_blank=True, max_length=150)
    source = serializers.ChoiceField(required=False, choices=Source.choices)  # type: ignore[assignment]
    notes = serializers.CharField(required=False, allow_blank=True, max_length=20_000, trim_whitespace=False)
    is_active = serializers.BooleanField(required=False)
    is_verified = serializers.BooleanField(required=False)
    is_vip = serializers.BooleanField(required=False)
    loyalty_tier = serializers.ChoiceField(required=False, choices=LoyaltyTier.choices)
    owner = OwnerField(required=False)

    class Meta:
        ref_name = "ProfileWrite"
