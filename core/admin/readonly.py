"""Pages in Django admin that only show."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse

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

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of a row offers the actions of the list, which ask first."""
        offered = self.get_actions(request)
        context["row_actions"] = [{"name": name, "label": found[2]} for name, found in offered.items() if found]
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page
