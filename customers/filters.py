"""Query parameters of the lists of customers and of what belongs to them."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.core.validators import EMPTY_VALUES
from django.db.models import Q, QuerySet

from core.filters import (
    BooleanFilter,
    CountFilter,
    FilterSet,
    IdFilter,
    MoneyFilter,
    NullsLast,
    OrderingFilter,
    TextFilter,
    TimeFilter,
)
from core.folding import ANY_SPELLING, folded
from customers.models import (
    FIRST_ON_DESK,
    AddressType,
    Assignment,
    Customer,
    CustomerQuerySet,
    Gender,
    LoyaltyTier,
    OrderStatus,
)
from customers.models.choices import language_tag

_DATE = "a time or a date (meaning its start, in UTC), like 2025-10-01T14:30:00Z or 2025-10-01"


class AssignmentFilter(FilterSet):
    customer = IdFilter(field_name="customer", label="the id of a customer")
    salesperson = IdFilter(field_name="salesperson", label="the id of a salesperson")
    is_active = BooleanFilter(method="filter_is_active", label="true: still running, false: ended")

    def filter_is_active(self, queryset: QuerySet[Assignment], name: str, value: bool) -> QuerySet[Assignment]:
        return queryset.filter(ended_at__isnull=value)


class _LanguageField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return language_tag(super().to_python(value) or "")


class _CurrencyField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").upper()


class LanguageFilter(TextFilter):
    """A language, in any case: the value is brought into the spelling in which languages are stored."""

    field_class = _LanguageField


class CurrencyFilter(TextFilter):
    """A currency, in any case: currencies are stored in capitals."""

    field_class = _CurrencyField


class CustomerTraitFilter(FilterSet):
    """The filters that the customer list and the rules of groups share. Each is one plain condition."""

    is_active = BooleanFilter(field_name="is_active")
    is_verified = BooleanFilter(field_name="is_verified")
    is_vip = BooleanFilter(field_name="is_vip")
    phone_verified = BooleanFilter(field_name="phone_verified")
    loyalty_tier = django_filters.ChoiceFilter(choices=LoyaltyTier.choices)
    accepts_marketing_email = BooleanFilter(field_name="accepts_marketing_email")
    accepts_marketing_sms = BooleanFilter(field_name="accepts_marketing_sms")
    min_orders = CountFilter(field_name="total_orders", lookup_expr="gte", label="at least this many orders")
    max_orders = CountFilter(field_name="total_orders", lookup_expr="lte", label="at most this many orders")
    min_spent = MoneyFilter(field_name="total_spent", lookup_expr="gte", label="spent at least this much")
    max_spent = MoneyFilter(field_name="total_spent", lookup_expr="lte", label="spent at most this much")
    joined_after = TimeFilter(field_name="date_joined", lookup_expr="gte", label=_DATE)
    joined_before = TimeFilter(field_name="date_joined", lookup_expr="lte", label=_DATE)
    last_order_after = TimeFilter(field_name="last_order_date", lookup_expr="gte", label=_DATE)
    last_order_before = TimeFilter(field_name="last_order_date", lookup_expr="lte", label=_DATE)
    preferred_language = LanguageFilter(label="like en, in any case")
    preferred_currency = CurrencyFilter(label="like USD, in any case")
    gender = django_filters.ChoiceFilter(choices=Gender.choices)

    @classmethod
    def condition(cls, given: Mapping[str, Any]) -> tuple[Q, dict[str, list[str]]]:
        """The condition for these filters and values, and the errors per filter."""
        filters = cls(data=given, queryset=Customer.objects.none())
        form = filters.form
        if not form.is_valid():
            return Q(), {name: [str(text) for text in errors] for name, errors in form.errors.items()}
        condition = Q()
        for name, value in form.cleaned_data.items():
            if value not in EMPTY_VALUES:
                known = filters.filters[name]
                condition &= Q(**{f"{known.field_name}__{known.lookup_expr}": value})
        return condition, {}


SHORT_SEARCHES = (
    f"{ANY_SPELLING.capitalize()}. Without a number or a word of three letters, only the {FIRST_ON_DESK:,} with the "
    "newest messages are searched"
)


class CustomerFilter(CustomerTraitFilter):
    search = TextFilter(
        method="filter_search",
        label=f"words that all occur in the names, username, email, phone or customer id. {SHORT_SEARCHES}",
    )
    ordering = OrderingFilter(
        {
            "date_joined": ["date_joined"],
            "total_orders": ["total_orders"],
            "total_spent": ["total_spent"],
            "last_order_date": [NullsLast("last_order_date")],
        }
    )

    def filter_search(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return customers.search(value)


class FoldedTextFilter(TextFilter):
    """A text that a folded column (core/folding.py) is, or contains: case and accents make no difference."""

    def filter(self, queryset: Any, value: str | None) -> Any:
        return super().filter(queryset, folded(value) if value else value)


class AddressFilter(FilterSet):
    address_type = django_filters.ChoiceFilter(choices=AddressType.choices)
    is_default = BooleanFilter(field_name="is_default")
    country = FoldedTextFilter(field_name="country_folded", label=f"the name; {ANY_SPELLING}")
    state = FoldedTextFilter(field_name="state_folded", label=f"the name; {ANY_SPELLING}")
    city = FoldedTextFilter(field_name="city_folded", lookup_expr="contains", label=f"part of the name; {ANY_SPELLING}")
    customer = IdFilter(field_name="customer", label="the id of a customer")
    ordering = OrderingFilter({"created_at": ["created_at"], "is_default": ["is_default"]})


class OrderFilter(FilterSet):
    status = django_filters.ChoiceFilter(choices=OrderStatus.choices)
