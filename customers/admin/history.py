"""What happened to customers, in Django admin: who had them, and every event."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.json_text import shown_json
from core.admin.lists import NamedFilter
from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import FoundByCustomer, OwnerFilter
from customers.models import Assignment, Event


class StillOpen(admin.SimpleListFilter):
    title = "state"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "open"), ("no", "ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() is None else queryset.filter(ended_at__isnull=self.value() == "yes")


class HolderFilter(OwnerFilter):
    title = "salesperson"
    parameter_name = "salesperson"
    path = "salesperson"
    nobody = ""


@admin.register(Assignment)
class AssignmentAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Who had a customer, and when. To hand one over, use the action of the list of customers."""

    list_display = ("assigned_at", "customer", "seller", "giver", "ended_at", "note")
    list_display_links = ("assigned_at",)
    list_filter = (StillOpen, HolderFilter)
    list_select_related = ("customer", "salesperson", "assigned_by")
    date_hierarchy = "assigned_at"
    ordering = ("-assigned_at", "-pk")
    sortable_by = ()
    search_fields = ("folded",)

    @admin.display(description="salesperson")
    def seller(self, assignment: Assignment) -> str:
        return assignment.salesperson.name

    @admin.display(description="assigned by")
    def giver(self, assignment: Assignment) -> str | None:
        return None if assignment.assigned_by is None else assignment.assigned_by.name


# The kinds that the log has (docs/realtime.md). Looking them up would read the whole log.
_TYPES = (
    "assignment_changed",
    "chat_message",
    "customer_merged",
    "customer_updated",
    "merge_undone",
    "message_status",
    "message_updated",
    "messages_read",
    "tags_changed",
)


class EventType(NamedFilter):
    title = parameter_name = "type"
    names = _TYPES


@admin.register(Event)
class EventAdmin(FoundByCustomer, ReadOnlyAdmin):
    """The log of every customer: what happened, when, and who did it. Old events are pruned."""

    list_display = ("created_at", "customer", "seq", "type", "actor")
    list_filter = (EventType,)
    list_select_related = ("customer", "actor")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("created_at", "customer", "seq", "type", "actor", "content")
    readonly_fields = ("content",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        one = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return rows if one else rows.defer("data")

    @admin.display(description="data")
    def content(self, event: Event) -> str:
        return shown_json(event.data)
