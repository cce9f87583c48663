from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.authentication import user_of
from contacts.actions import confirm_contact, delete_contact
from contacts.models import Contact
from core.admin.refusals import RefusalsAdmin


@admin.register(Contact)
class ContactAdmin(RefusalsAdmin):
    """To view, confirm and delete contacts; everything else goes through the API."""

    list_display = (
        "id",
        "customer",
        "email",
        "wa_number",
        "tp_number",
        "is_primary",
        "is_active",
        "is_confirmed",
        "created_at",
    )
    list_filter = ("is_primary", "is_active", "is_confirmed")
    list_select_related = ("customer",)
    search_fields = ("email",)
    ordering = ("-pk",)
    show_full_result_count = False
    actions = ("confirm",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset & Contact.objects.search(search_term), False

    @admin.action(description="Confirm the selected contacts")
    def confirm(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        """Vouch for them: messages from their numbers reach their customers from then on."""
        for contact in queryset.order_by("pk"):
            confirm_contact(actor=user_of(request), contact=contact)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Contact) -> None:
        delete_contact(actor=user_of(request), contact=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        for contact in queryset.order_by("pk"):
            delete_contact(actor=user_of(request), contact=contact)
