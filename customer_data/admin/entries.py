from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin.readonly import ReadOnlyAdmin
from customer_data.models import CustomerData


@admin.register(CustomerData)
class CustomerDataAdmin(ReadOnlyAdmin):
    """Shows an admin their own entries only, as the API does. Changes go through the API, which records them."""

    list_display = ("key", "customer", "file_name", "created_at")
    search_fields = ("folded",)
    ordering = ("-created_at", "-pk")
    fields = ("customer", "key", "value", "file_name", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return CustomerData.objects.visible_to(request.user).select_related("customer")
