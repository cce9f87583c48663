import json
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join

from accounts.models import User
from core.admin.actions import RowAction, for_selected
from core.admin.json_text import shown_json, shown_text
from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import HELP, customers_found
from whatsapp.models import WebhookEvent
from whatsapp.webhook.replaying import replay_webhooks
from whatsapp.webhook.report import daily
from whatsapp.webhook.searching import found_webhooks

_NAMED_CUSTOMERS = 3
_SHOWN_CUSTOMERS = 100
# The choices of the report; the first is the default.
_REPORT_DAYS = ("2", "7", "31")


def _replay(event: WebhookEvent, actor: User, given: Mapping[str, Any]) -> str:
    # By id, because the queryset of the list may not allow updates.
    if not replay_webhooks(WebhookEvent.objects.filter(pk=event.pk), actor=actor):
        raise WebhookEvent.DoesNotExist
    return ""


REPLAY = RowAction(
    "replay",
    "Replay: handle the selected webhooks again",
    _replay,
    done="will be handled again within seconds",
    asks="What is stored already stays as it is: a message is never stored twice.",
)


class AccountErrorsFilter(admin.SimpleListFilter):
    title = "errors of the account"
    parameter_name = "account_errors"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "reported")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[WebhookEvent]") -> "QuerySet[WebhookEvent]":
        return queryset.exclude(account_errors="") if self.value() == "yes" else queryset


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "received_at", "state", "named", "error", "account_errors", "attempts", "elements", "took_ms")
    list_filter = ("state", AccountErrorsFilter)
    date_hierarchy = "received_at"
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("pk",)
    search_help_text = f"{HELP}, or what stands in a recent body: a wamid, an id, a word."
    fields = (
        "received_at",
        "state",
        "error",
        "account_errors",
        "attempts",
        "not_before",
        "elements",
        "took_ms",
        "people",
        "content",
    )
    readonly_fields = ("people", "content")
    actions = (for_selected(REPLAY),)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[WebhookEvent]":
        events: QuerySet[WebhookEvent] = super().get_queryset(request)
        # The list must not load a page of bodies of up to 3 MB.
        return events.defer("body").prefetch_related("customers")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[WebhookEvent]", search_term: str
    ) -> "tuple[QuerySet[WebhookEvent], bool]":
        text = search_term.strip()
        return found_webhooks(queryset, text, customers_found(text)) if text else queryset, False

    def get_urls(self) -> list[Any]:
        report = path("report/", self.admin_site.admin_view(self.report), name="whatsapp_webhookevent_report")
        return [report, *super().get_urls()]

    def report(self, request: HttpRequest) -> HttpResponse:
        """Received against stored, day by day. It reads the raw bodies, so it shows few days unless asked for more."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("days", "")
        days = int(asked) if asked in _REPORT_DAYS else int(_REPORT_DAYS[0])
        context = {
            **self.admin_site.each_context(request),
            "title": "Received against stored",
            "reports": list(daily(days, timezone.now().date())),
            "choices": _REPORT_DAYS,
        }
        return TemplateResponse(request, "admin/whatsapp/webhookevent/report.html", context)

    @admin.display(description="customers")
    def named(self, event: WebhookEvent) -> str:
        names = [one.name for one in event.customers.all()]
        more = len(names) - _NAMED_CUSTOMERS
        return ", ".join(names[:_NAMED_CUSTOMERS]) + (f" and {more} more" if more > 0 else "") or "-"

    @admin.display(description="customers")
    def people(self, event: WebhookEvent) -> str:
        """The customers the body is about, with links to them."""
        customers = event.customers.order_by("pk")[:_SHOWN_CUSTOMERS]
        links = ((reverse("admin:customers_customer_change", args=[one.pk]), one.customer_id, one) for one in customers)
        return format_html_join(", ", '<a href="{}">{} {}</a>', links) or "-"

    @admin.display(description="body")
    def content(self, event: WebhookEvent) -> str:
        """The body as text, indented if it is JSON."""
        text = bytes(event.body).decode("utf-8", "replace")
        try:
            return shown_json(json.loads(text))
        except (ValueError, RecursionError):
            return shown_text(text)  # as received
