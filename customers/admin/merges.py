"""Merges of customers in Django admin."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin

from accounts.models import User
from core.admin.actions import RowAction, for_selected
from core.admin.readonly import ReadOnlyAdmin
from customers.actions.unmerge import undo_merge
from customers.models import Merge


def _undo(merge: Merge, actor: User, given: Mapping[str, Any]) -> str:
    undo_merge(merge_id=merge.pk, actor=actor)
    return ""


UNDO = RowAction(
    "undo",
    "Undo the selected merges",
    _undo,
    done="undone",
    asks="Each customer has again what they had. What came since stays with the one who was kept.",
)


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Merges. They are made at the desk, or by people who prove a phone; here they can be undone."""

    list_display = ("id", "gone", "into", "reason", "actor", "at", "undone_at")
    list_filter = ("reason",)
    list_select_related = ("gone", "into", "actor")
    search_fields = ("gone__folded", "into__folded")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = ("gone", "into", "reason", "actor", "at", "undone_at", "undone_by")
    actions = (for_selected(UNDO),)
