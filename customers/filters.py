"""Query parameters of the lists of customers, and of what hangs off them."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.core.validators import EMPTY_VALUES
from django.db.models import F, Q, QuerySet

from core.filters import BooleanFilter, CountFilter, IdFilter, MoneyFilter, TextFilter, TimeFilter
from customers.models import (
    Address,
    AddressType,
    Assignment,
    Customer,
    CustomerQuerySet,
    Gender,
    LoyaltyTier,
    Order,
    OrderStatus,
)
from customers.models.customers import language_tag

_DATE = "a date (its beginning) or a time, like 2025-10-01 or 2025-10-01T14:30:00Z"


# Said only where there are nulls: PostgreSQL reads no index backwards for it.
_NULLS_LAST = {
    "last_order_date": F("last_order_date").asc(nulls_last=True),
    "-last_order_date": F("last_order_date").desc(nulls_last=True),
}


def _ordered(queryset: Any, value: str, by: tuple[str, ...]) -> Any:
    """Order by the words of `value` that are known; nulls come last either way, equal rows by id."""
    words = [word.strip() for word in value.split(",")[: len(by)]]
    known = [word for word in words if word.removeprefix("-") in by]
    if not known:
        return queryset
    orders: list[Any] = [_NULLS_LAST.get(word, word) for word in known]
    # The same direction as the rest, so that one index can be read either way.
    return queryset.order_by(*orders, "-id" if known[-1].startswith("-") else "id")


def _ordering(by: tuple[str, ...]) -> django_filters.CharFilter:
    label = f"one of {', '.join(by)}, each also with a minus; unknown ones count not"
    return django_filters.CharFilter(method="filter_ordering", label=label)


class AssignmentFilter(django_filters.FilterSet):
    customer = IdFilter(field_name="customer", label="the id of a customer")
    salesperson = IdFilter(field_name="salesperson", label="the id of a salesperson")
    is_active = BooleanFilter(method="filter_is_active", label="still running (true) or ended (false)")

    class Meta:
        model = Assignment
        fields: list[str] = []

    def filter_is_active(self, queryset: QuerySet[Assignment], name: str, value: bool) -> QuerySet[Assignment]:
        return queryset.filter(ended_at__isnull=value)


class _LanguageField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return language_tag(super().to_python(value) or "")


class _CurrencyField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").upper()


class LanguageFilter(django_filters.Filter):
    """Whatever the case: languages are kept in one spelling, so that an index or a plain comparison will do."""

    field_class = _LanguageField


class CurrencyFilter(django_filters.Filter):
    """Whatever the case: currencies are kept in capitals."""

    field_class = _CurrencyField


class CustomerTraitFilter(django_filters.FilterSet):
    """What can be asked of customers, in the list and in a group's rules; each is one plain condition."""

    is_active = BooleanFilter(field_name="is_active")
    is_verified = BooleanFilter(field_name="is_verified")
    is_vip = BooleanFilter(field_name="is_vip")
    phone_verified = BooleanFilter(field_name="phone_verified")
    loyalty_tier = django_filters.ChoiceFilter(choices=LoyaltyTier.choices)
    accepts_marketing_email = BooleanFilter(field_name="accepts_marketing_email")
    accepts_marketing_sms = BooleanFilter(field_name="accepts_marketing_sms")
    min_orders = CountFilter(field_name="total_orders", lookup_expr="gte", label="so many orders or more")
    max_orders = CountFilter(field_name="total_orders", lookup_expr="lte", label="so many orders or fewer")
    min_spent = MoneyFilter(field_name="total_spent", lookup_expr="gte", label="spent so much or more")
    max_spent = MoneyFilter(field_name="total_spent", lookup_expr="lte", label="spent so much or less")
    joined_after = TimeFilter(field_name="date_joined", lookup_expr="gte", label=_DATE)
    joined_before = TimeFilter(field_name="date_joined", lookup_expr="lte", label=_DATE)
    last_order_after = TimeFilter(field_name="last_order_date", lookup_expr="gte", label=_DATE)
    last_order_before = TimeFilter(field_name="last_order_date", lookup_expr="lte", label=_DATE)
    preferred_language = LanguageFilter(label="like en, whatever the case")
    preferred_currency = CurrencyFilter(label="like USD, whatever the case")
    gender = django_filters.ChoiceFilter(choices=Gender.choices)

    class Meta:
        model = Customer
        fields: list[str] = []

    @classmethod
    def condition(cls, given: Mapping[str, Any]) -> tuple[Q, dict[str, list[str]]]:
        """The condition that `given` (filter -> value) stands for, and what is wrong with it, per filter."""
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


CUSTOMER_ORDERINGS = ("date_joined", "total_orders", "total_spent", "last_order_date")


class CustomerFilter(CustomerTraitFilter):
    search = TextFilter(
        method="filter_search", label="every word occurs in username, email, names, phone or customer id"
    )
    ordering = _ordering(CUSTOMER_ORDERINGS)

    def filter_search(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return customers.search(value)

    def filter_ordering(self, customers: CustomerQuerySet, name: str, value: str) -> Any:
        return _ordered(customers, value, CUSTOMER_ORDERINGS)


ADDRESS_ORDERINGS = ("created_at", "is_default")


class AddressFilter(django_filters.FilterSet):
    address_type = django_filters.ChoiceFilter(choices=AddressType.choices)
    is_default = BooleanFilter(field_name="is_default")
    country = TextFilter(lookup_expr="iexact")
    state = TextFilter(lookup_expr="iexact")
    city = TextFilter(lookup_expr="icontains", label="a part of the city's name")
    customer = IdFilter(field_name="customer", label="the id of a customer")
    ordering = _ordering(ADDRESS_ORDERINGS)

    class Meta:
        model = Address
        fields: list[str] = []

    def filter_ordering(self, addresses: QuerySet[Address], name: str, value: str) -> Any:
        return _ordered(addresses, value, ADDRESS_ORDERINGS)


class OrderFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=OrderStatus.choices)

    class Meta:
        model = Order
        fields: list[str] = []
