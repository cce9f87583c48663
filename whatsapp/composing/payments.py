"""The details of an order that is to be paid in the chat (India and Brazil)."""

from typing import Any

from rest_framework import serializers

from core.fields import KnownFieldsOnly

_WORDS: dict[str, Any] = {"max_length": 250}


class _Amount(KnownFieldsOnly):
    """`value` divided by `offset`: 450 and 100 are 4.50."""

    value = serializers.IntegerField(min_value=0)
    offset = serializers.IntegerField(min_value=1)
    description = serializers.CharField(required=False, **_WORDS)


class _Item(KnownFieldsOnly):
    name = serializers.CharField(**_WORDS)
    amount = _Amount()
    quantity = serializers.IntegerField(min_value=1)
    retailer_id = serializers.CharField(required=False, **_WORDS)
    sale_amount = _Amount(required=False)
    country_of_origin = serializers.CharField(required=False, **_WORDS)
    importer_name = serializers.CharField(required=False, **_WORDS)
    importer_address = serializers.DictField(required=False)


class _Order(KnownFieldsOnly):
    status = serializers.CharField(**_WORDS)
    items = serializers.ListField(child=_Item(), allow_empty=False)
    subtotal = _Amount()
    tax = _Amount()
    shipping = _Amount(required=False)
    discount = _Amount(required=False)
    catalog_id = serializers.CharField(required=False, **_WORDS)
    expiration = serializers.DictField(required=False)


class _OrderState(KnownFieldsOnly):
    status = serializers.CharField(**_WORDS)
    description = serializers.CharField(required=False, max_length=120)


class OrderDetails(KnownFieldsOnly):
    reference_id = serializers.RegexField(r"\A[A-Za-z0-9._-]{1,35}\Z")
    type = serializers.ChoiceField(choices=["digital-goods", "physical-goods"])
    currency = serializers.RegexField(r"\A[A-Z]{3}\Z")
    payment_settings = serializers.ListField(child=serializers.DictField(), allow_empty=False)
    total_amount = _Amount()
    order = _Order()

    class Meta:
        ref_name = None


class OrderStatus(KnownFieldsOnly):
    reference_id = serializers.RegexField(r"\A[A-Za-z0-9._-]{1,35}\Z")
    order = _OrderState()
