"""The audit trail in Django admin."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import AuditEntry
from core.admin.json_text import shown_json
from core.admin.readonly import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, and from where. `GET /api/audit/` gives the same."""

    list_display = ("at", "actor", "verb", "about", "customer", "address", "command")
    list_select_related = ("actor",)
    search_fields = ("=verb", "=customer_id", "=request_id", "=address", "actor__folded")
    search_help_text = "A verb such as signed_in, the id of a customer or a request, an address, or a username."
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    sortable_by = ()
    fields = ("at", "actor", "command", "verb", "about", "customer", "address", "session_id", "request_id", "told")
    readonly_fields = fields

    @admin.display(description="to")
    def about(self, entry: AuditEntry) -> str:
        return f"{entry.object_type} {entry.object_id}".strip() or "-"

    @admin.display(description="customer")
    def customer(self, entry: AuditEntry) -> str:
        if entry.customer_id is None:
            return "-"
        link = reverse("admin:customers_customer_change", args=[entry.customer_id])
        return format_html('<a href="{}">{}</a>', link, entry.customer_id)

    @admin.display(description="changes")
    def told(self, entry: AuditEntry) -> str:
        return shown_json(entry.changes) if entry.changes else "-"
