"""Django admin as Patter shows it."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
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

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**front_page(), **(extra_context or {})})
