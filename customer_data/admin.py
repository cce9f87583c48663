from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from customer_data.models import CustomerData


@admin.register(CustomerData)
class CustomerDataAdmin(admin.ModelAdmin):
    """To look at: one's own entries only, as everywhere; changes go through the API, which records them."""

    list_display = ("key", "customer", "file_name", "created_at")
    search_fields = ("key", "value")
    ordering = ("-created_at", "-pk")
    fields = ("customer", "key", "value", "file_name", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return CustomerData.objects.visible_to(request.user).select_related("customer")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CustomerData | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CustomerData | None = None) -> bool:
        return False
