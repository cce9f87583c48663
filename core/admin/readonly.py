"""Pages in Django admin that only show."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from core.admin.actions import ActionsAdmin
from core.db.reports import may_be_old


class _OldList(ChangeList):
    """A list whose rows may be a moment old."""

    def get_results(self, request: HttpRequest) -> None:
        self.queryset = may_be_old(self.queryset)
        super().get_results(request)


class ReadOnlyAdmin(ActionsAdmin):
    """Rows can be viewed but not changed, because actions elsewhere write them and do more than write a row."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        # Whoever did something to rows wants to see them as they are now.
        return ChangeList if self.get_actions(request) else _OldList

    def offers(self, action: str, row: Any) -> bool:
        return True
