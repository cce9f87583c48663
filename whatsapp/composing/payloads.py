"""Checks the `payload` of locations, contacts and reactions. The shape is Meta's."""

import math
import re
from typing import Any

from rest_framework import serializers

MAX_CONTACTS = 257

# One emoji: a flag, a keycap, or a picture with modifiers, perhaps joined with others.
_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]"
_MODIFIER = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]"
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[#*0-9]\ufe0f?\u20e3"
    f"|{_PICTURE}{_MODIFIER}*(?:\u200d{_PICTURE}{_MODIFIER}*)*[\U000e0020-\U000e007f]*"
)


class _Degrees(serializers.FloatField):
    def __init__(self, most: int) -> None:
        super().__init__(min_value=-most, max_value=most)

    def to_internal_value(self, data: Any) -> float:
        degrees: float = super().to_internal_value(data)
        if math.isnan(degrees):  # passes the checks of both bounds
            self.fail("invalid")
        return degrees


class LocationSerializer(serializers.Serializer[Any]):
    latitude = _Degrees(90)
    longitude = _Degrees(180)
    name = serializers.CharField(required=False, max_length=1000)
    address = serializers.CharField(required=False, max_length=1000)

    class Meta:
        ref_name = None


class _Words(serializers.Serializer[Any]):
    """An object of short, optional texts."""

    fields_allowed: tuple[str, ...] = ()

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {**fields, **{name: _short(required=False) for name in self.fields_allowed if name not in fields}}


def _short(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=250, **options)


class _Name(_Words):
    formatted_name = _short()
    fields_allowed = ("first_name", "last_name", "middle_name", "suffix", "prefix")

    def validate(self, name: dict[str, Any]) -> dict[str, Any]:
        # Meta requires a part of the name beside the whole.
        return name if len(name) > 1 else {**name, "first_name": name["formatted_name"]}


class _Phone(_Words):
    phone = _short()
    fields_allowed = ("type", "wa_id")


class _Email(_Words):
    email = serializers.EmailField(max_length=250)
    fields_allowed = ("type",)


class _Url(_Words):
    url = serializers.URLField(max_length=2000)
    fields_allowed = ("type",)


class _Address(_Words):
    fields_allowed = ("street", "city", "state", "zip", "country", "country_code", "type")


class _Organisation(_Words):
    fields_allowed = ("company", "department", "title")


class _Card(serializers.Serializer[Any]):
    name = _Name()
    phones = serializers.ListField(child=_Phone(), required=False, max_length=20)
    emails = serializers.ListField(child=_Email(), required=False, max_length=20)
    urls = serializers.ListField(child=_Url(), required=False, max_length=20)
    addresses = serializers.ListField(child=_Address(), required=False, max_length=20)
    org = _Organisation(required=False)
    birthday = serializers.RegexField(r"\d{4}-\d{2}-\d{2}", required=False)


class ContactsSerializer(serializers.Serializer[Any]):
    contacts = serializers.ListField(child=_Card(), allow_empty=False, max_length=MAX_CONTACTS)

    class Meta:
        ref_name = None


class ReactionSerializer(serializers.Serializer[Any]):
    """An empty emoji removes the reaction."""

    emoji = serializers.CharField(allow_blank=True, max_length=40)

    class Meta:
        ref_name = None

    def validate_emoji(self, emoji: str) -> str:
        if emoji and _EMOJI.fullmatch(emoji) is None:
            raise serializers.ValidationError("Give one emoji, or an empty text to remove the reaction.")
        return emoji
