"""Django admin as Patter shows it."""

from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from config.front_page import front_page

# The links at the top of each page.
_MOST_USED = (
    ("index", "Today"),
    ("messaging_conversation_changelist", "Chats"),
    ("messaging_message_changelist", "Messages"),
    ("customers_customer_changelist", "Customers"),
    ("accounts_user_changelist", "Logins"),
    ("messaging_businessnumber_changelist", "Numbers"),
    ("whatsapp_webhookevent_changelist", "Webhooks"),
)


def _within(url: str, path: str) -> bool:
    return path.startswith(url) and url != reverse("admin:index")


class _Choices(AutocompleteJsonView):
    """What a field that completes names offers: customers with their number, as two may be called the same."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        result: dict[str, str] = super().serialize_result(obj, to_field_name)
        # Pages of other apps have no such name. The class that has it cannot be imported before this site is there.
        return {**result, "text": getattr(self.model_admin, "row_name", str)(obj)}


class PatterSite(AdminSite):
    """Its front page has the figures of the day."""

    site_header = site_title = "Patter"
    index_title = "Today"
    # The lists need its room; the links at the top lead to what is used most.
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        links = [(reverse(f"admin:{page}"), title) for page, title in _MOST_USED]
        here = [(url, title, url == request.path or _within(url, request.path)) for url, title in links]
        most_used = [{"url": url, "title": title, "current": current} for url, title, current in here]
        return {**super().each_context(request), "most_used": most_used}

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        answer: Any = _Choices.as_view(admin_site=self)(request)
        return cast(HttpResponse, answer)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**front_page(), **(extra_context or {})})
