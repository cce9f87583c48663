from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.authentication import user_of
from core.admin.readonly import ReadOnlyAdmin
from whatsapp.message_templates import accounts
from whatsapp.models import Template, TemplateSync
from whatsapp.template_syncs import ask_for_templates


@admin.register(Template)
class TemplateAdmin(ReadOnlyAdmin):
    list_display = ("name", "language", "category", "status", "quality", "reason", "waba_id", "synced_at")
    list_filter = ("status", "category", "language")
    search_fields = ("folded",)
    ordering = ("name", "language")
    actions = ("sync",)

    @admin.action(description="Fetch all templates of the selected accounts from Meta")
    def sync(self, request: HttpRequest, queryset: "QuerySet[Template]") -> None:
        wanted = set(queryset.values_list("waba_id", flat=True))
        chosen = [one for one in accounts() if one.waba_id in wanted]
        say_asked(self, request, ask_for_templates(chosen, actor=user_of(request)))


@admin.register(TemplateSync)
class TemplateSyncAdmin(ReadOnlyAdmin):
    """What became of the last sync of each account."""

    list_display = ("waba_id", "asked_at", "due", "finished_at", "fetched", "error")
    ordering = ("-asked_at",)
    fields = list_display


def say_asked(page: "admin.ModelAdmin[Any]", request: HttpRequest, count: int) -> None:
    """Tell an admin that the templates of `count` accounts will be fetched, and where to see it."""
    if not count:
        text = "There is no account to fetch from. Give a number its account and its access token."
        return page.message_user(request, text, messages.ERROR)
    link = reverse("admin:whatsapp_templatesync_changelist")
    text = "Accounts whose templates will be fetched within seconds: {}. <a href='{}'>See how it went</a>."
    return page.message_user(request, format_html(text, count, link))
