"""Pages in Django admin that only show."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from core.admin.actions import ActionsAdmin


class ReadOnlyAdmin(ActionsAdmin):
    """Rows can be viewed but not changed, because actions elsewhere write them and do more than write a row."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of a row offers the actions of the list, which ask first."""
        offered = self.get_actions(request)
        context["row_actions"] = [{"name": name, "label": found[2]} for name, found in offered.items() if found]
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page
