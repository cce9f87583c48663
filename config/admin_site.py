"""Django admin as Patter shows it."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

from config.front_page import front_page


class PatterSite(AdminSite):
    """Its front page has the figures of the day."""

    site_header = site_title = "Patter"
    index_title = "Today"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**front_page(), **(extra_context or {})})
