"""Contacts in Django admin. Changes go through the same actions as those of the API."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.authentication import user_of
from accounts.models import User
from contacts.actions import confirm_contact, delete_contact
from contacts.models import Contact
from core.admin.actions import RowAction, for_selected
from core.admin.refusals import RefusalsAdmin


def _confirm(contact: Contact, actor: User, given: Mapping[str, Any]) -> str:
    confirm_contact(actor=actor, contact=contact)
    return ""


CONFIRM = RowAction(
    "confirm",
    "Confirm the selected contacts",
    _confirm,
    done="confirmed",
    asks="You vouch for them: messages from their numbers reach their customers from then on.",
)


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
    search_fields = ("folded",)
    ordering = ("-pk",)
    show_full_result_count = False
    actions = (for_selected(CONFIRM),)

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
