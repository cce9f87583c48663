from typing import Any

import django_filters
from django.db.models import QuerySet

from core.filters import TextFilter, containing
from whatsapp.models import Template

ALL = "all"


class TemplateFilter(django_filters.FilterSet):
    """`?status= &language= &category= &search=`; without a status those that can be sent."""

    status = TextFilter(method="filter_status", label="APPROVED unless given; `all` for every one")
    language = TextFilter(field_name="language", lookup_expr="iexact")
    category = TextFilter(field_name="category", lookup_expr="iexact")
    search = TextFilter(method="filter_search", label="words that all occur in the name")

    class Meta:
        model = Template
        fields = ["status", "language", "category", "search"]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("status") else found.filter(status=Template.SENDABLE)

    def filter_status(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset if value.lower() == ALL else queryset.filter(status__iexact=value)

    def filter_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(containing(value, "name"))
