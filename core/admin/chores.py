"""The daily chores in Django admin."""

from django.contrib import admin

from core.admin.readonly import ReadOnlyAdmin
from core.models import Chore


@admin.register(Chore)
class ChoreAdmin(ReadOnlyAdmin):
    """What Patter does once a day by itself, and how that ended."""

    list_display = ("name", "started_at", "started_by", "finished_at", "result", "error")
    fields = ("name", "started_at", "started_by", "finished_at", "result", "error", "not_before")
