"""What providers reported about messages, in Django admin."""

from django.contrib import admin

from core.admin.json_text import shown_json
from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import FoundByCustomer
from messaging.admin.filters import ReportedFilter
from messaging.models import StatusUpdate


@admin.register(StatusUpdate)
class StatusUpdateAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Delivered, read, failed: as the provider said it. One without a message waits for it to become known."""

    customer_path = "message__customer"
    list_display = ("received_at", "at", "status", "message", "business_number", "wamid")
    list_filter = (ReportedFilter, ("message", admin.EmptyFieldListFilter), "business_number")
    list_select_related = ("message", "business_number")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("at", "received_at", "status", "message", "business_number", "wamid", "shown_error", "shown_pricing")
    readonly_fields = ("shown_error", "shown_pricing")
    search_fields = ("wamid",)

    @admin.display(description="error")
    def shown_error(self, update: StatusUpdate) -> str:
        return shown_json(update.error) if update.error else "-"

    @admin.display(description="price")
    def shown_pricing(self, update: StatusUpdate) -> str:
        return shown_json(update.pricing) if update.pricing else "-"
