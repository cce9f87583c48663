"""Merges of customers in Django admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.authentication import user_of
from core.admin.readonly import ReadOnlyAdmin
from customers.actions.unmerge import undo_merge
from customers.errors import CannotUndo
from customers.models import Merge


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Merges. They are made at the desk, or by people who prove a phone; here they can be undone."""

    list_display = ("id", "gone", "into", "reason", "actor", "at", "undone_at")
    list_filter = ("reason",)
    list_select_related = ("gone", "into", "actor")
    search_fields = ("gone__search_text", "into__search_text")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = ("gone", "into", "reason", "actor", "at", "undone_at", "undone_by")
    actions = ("undo",)

    @admin.action(description="Undo the selected merges")
    def undo(self, request: HttpRequest, queryset: QuerySet[Merge]) -> None:
        """Undo them, the newest first, and say which could not be undone."""
        for pk in queryset.order_by("-pk").values_list("pk", flat=True):
            try:
                undo_merge(merge_id=pk, actor=user_of(request))
            except CannotUndo as refused:
                self.message_user(request, f"Merge {pk}: {refused.text}", messages.ERROR)
            else:
                self.message_user(request, f"Merge {pk} is undone.", messages.SUCCESS)
