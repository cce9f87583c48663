"""Pages in Django admin that only show."""

from typing import Any

from django.http import HttpRequest

from core.admin.actions import ActionsAdmin


class ReadOnlyAdmin(ActionsAdmin):
    """Rows can be viewed but not changed, because actions elsewhere write them and do more than write a row."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
