"""What Patter knows of itself, in Django admin: its daily chores, restored backups, and what admins did."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from core.admin.readonly import ReadOnlyAdmin
from core.models import Chore, Installation


@admin.register(Chore)
class ChoreAdmin(ReadOnlyAdmin):
    """What Patter does once a day by itself, and how that ended."""

    list_display = ("name", "started_at", "started_by", "finished_at", "result", "error")
    fields = ("name", "started_at", "started_by", "finished_at", "result", "error", "not_before")


@admin.register(Installation)
class InstallationAdmin(ReadOnlyAdmin):
    """The one row of this installation: whether a restored backup was noticed, and what it left uncertain."""

    list_display = ("key", "restored_at", "restored_messages")
    fields = list_display


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What admins did in Django admin. What happened to customers is in the log of events."""

    list_display = ("action_time", "user", "shown", "object_repr", "get_change_message")
    list_filter = ("action_flag",)
    list_select_related = ("user", "content_type")
    search_fields = ("user__folded", "object_repr")
    search_help_text = "The username of the admin, or the name of what they changed."
    ordering = ("-action_time", "-pk")
    fields = ("action_time", "user", "shown", "object_id", "object_repr", "get_change_message")
    sortable_by = ()

    @admin.display(description="what")
    def shown(self, entry: LogEntry) -> str:
        return f"{entry.get_action_flag_display()} {entry.content_type or ''}"
