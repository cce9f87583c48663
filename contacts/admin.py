from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.authentication import user_of
from contacts.actions import delete_contact
from contacts.models import Contact
from core.admin import RefusalsAdmin


@admin.register(Contact)
class ContactAdmin(RefusalsAdmin):
    """To view and delete contacts; everything else goes through the API."""

    list_display = ("id", "customer", "email", "wa_number", "tp_number", "is_primary", "is_active", "created_at")
    list_filter = ("is_primary", "is_active")
    list_select_related = ("customer",)
    search_fields = ("email",)
    ordering = ("-pk",)
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset & Contact.objects.search(search_term), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Contact) -> None:
        delete_contact(actor=user_of(request), contact=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        for contact in queryset.order_by("pk"):
            delete_contact(actor=user_of(request), contact=contact)
