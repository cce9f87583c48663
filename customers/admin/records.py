"""What hangs off a customer, in Django admin: orders, addresses, loyalty points, phone codes."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.readonly import ReadOnlyAdmin
from customers.models import Address, LoyaltyEntry, Order, PhoneCode


class CustomerRecordsAdmin(ReadOnlyAdmin):
    """Read-only, because totals, defaults and balances only follow changes made through the API."""

    list_select_related = ("customer",)
    show_full_result_count = False
    ordering = ("-pk",)


@admin.register(Order)
class OrderAdmin(CustomerRecordsAdmin):
    list_display = ("number", "customer", "status", "total", "currency", "placed_at")
    list_filter = ("status",)
    search_fields = ("number",)


@admin.register(Address)
class AddressAdmin(CustomerRecordsAdmin):
    list_display = ("customer", "address_type", "address_line1", "city", "country", "is_default")
    list_filter = ("address_type",)
    search_fields = ("city", "postal_code")


@admin.register(LoyaltyEntry)
class LoyaltyEntryAdmin(CustomerRecordsAdmin):
    list_display = ("customer", "points", "points_after", "tier_before", "tier_after", "reason", "actor", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("actor")


@admin.register(PhoneCode)
class PhoneCodeAdmin(ReadOnlyAdmin):
    """The code last sent to each customer's phone: whether it left, and why not. Never the code."""

    list_display = ("customer", "phone", "state", "error", "attempts", "tries", "expires_at")
    list_filter = ("state",)
    list_select_related = ("customer",)
    search_fields = ("phone",)
    ordering = ("-expires_at",)
    fields = list_display
    show_full_result_count = False
