"""Filters of the lists of messages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.lists import NamedFilter
from messaging.models import Message, Status
from messaging.serializers.sending import TYPES

# What customers can send, and what Patter makes of things that are no messages of their own.
_TYPES = tuple(sorted({*TYPES, "button", "order", "system", "unsupported"}))
# From how many of the newest failed messages the list of errors is made.
_NEWEST = 500


class TypeFilter(NamedFilter):
    title = parameter_name = "type"
    names = _TYPES


class ReportedFilter(NamedFilter):
    title = parameter_name = "status"
    names = ("sent", "delivered", "read", "played", "failed")


class ErrorFilter(admin.SimpleListFilter):
    """Messages that failed for one reason. Names those of the newest failed and uncertain ones."""

    title = "error"
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        recent = Message.objects.filter(status__in=(Status.FAILED, Status.UNCERTAIN)).newest_first()
        errors = {str(error["code"]): error for error in recent.values_list("error", flat=True)[:_NEWEST] if error}
        named = [(code, f"{error.get('title') or 'Error'} ({code})") for code, error in errors.items()]
        return [("any", "any error"), *sorted(named, key=lambda one: one[1].lower())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code = self.value()
        if code is None:
            return queryset
        failed = queryset.filter(status__in=(Status.FAILED, Status.UNCERTAIN))
        if code == "any":
            return failed.exclude(error=None)
        # Meta's codes are numbers, ours are words.
        return failed.filter(error__code=int(code) if code.isdecimal() else code)
