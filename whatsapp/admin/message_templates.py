from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin import ReadOnlyAdmin
from whatsapp.message_templates import SyncFailed, accounts, sync
from whatsapp.models import Template


@admin.register(Template)
class TemplateAdmin(ReadOnlyAdmin):
    list_display = ("name", "language", "category", "status", "quality", "reason", "waba_id", "synced_at")
    list_filter = ("status", "category", "language")
    search_fields = ("name",)
    ordering = ("name", "language")
    actions = ("sync",)

    @admin.action(description="Fetch all templates of the selected accounts from Meta")
    def sync(self, request: HttpRequest, queryset: "QuerySet[Template]") -> None:
        wanted = set(queryset.values_list("waba_id", flat=True))
        for access in accounts():
            if access.waba_id in wanted:
                try:
                    self.message_user(request, f"Account {access.waba_id}, templates fetched: {sync(access)}.")
                except SyncFailed as error:
                    self.message_user(request, str(error), "ERROR")
