"""Messages in Django admin. What they are asked to do is done by the same actions as in the API."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime

from accounts.models import User
from core.admin.actions import Act, RowAction, for_selected
from core.admin.json_text import shown_json, shown_text
from core.admin.readonly import ReadOnlyAdmin
from core.files.links import links_for
from customers.admin.searching import HELP, FoundByCustomer, OwnerFilter
from messaging.actions.retrying import retry_message
from messaging.actions.settling import settle_message
from messaging.admin.attachments import shown_file
from messaging.admin.filters import ErrorFilter, TypeFilter
from messaging.admin.searching import found_messages
from messaging.models import Attachment, Message, Status
from messaging.serializers.waiting import waiting_of


def _retry(message: Message, actor: User, given: Any) -> str:
    retry_message(message=message, actor=actor)
    return ""


def _settle(was_sent: bool) -> Act:
    def settle(message: Message, actor: User, given: Any) -> str:
        settle_message(message=message, was_sent=was_sent, actor=actor)
        return ""

    return settle


RETRY = RowAction(
    "retry",
    "Send again",
    _retry,
    done="queued again",
    asks="Failed and uncertain messages go out again, after what is queued in their chats. One that is uncertain may "
    "then arrive twice: look into the chat on the phone first.",
)
WAS_SENT = RowAction(
    "was_sent",
    "Settle as sent",
    _settle(True),
    done="settled as sent",
    asks="For uncertain messages that stand in the chat on the phone. Nothing is sent.",
)
WAS_NOT_SENT = RowAction(
    "was_not_sent",
    "Settle as failed",
    _settle(False),
    done="settled as failed",
    asks="For uncertain messages that do not stand in the chat on the phone. Nothing is sent; they can be sent again.",
)


@admin.register(Message)
class MessageAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Every message. The customer's page shows those of one chat in order."""

    list_display = ("time", "customer", "direction", "type", "shortened", "status", "why", "writer", "number")
    list_display_links = ("time", "shortened")
    list_filter = ("status", "direction", TypeFilter, ErrorFilter, "business_number", OwnerFilter)
    list_select_related = ("customer", "business_number", "sender")
    search_help_text = f"{HELP}, words of the text, the id or the wamid of the message."
    actions = (for_selected(RETRY), for_selected(WAS_SENT), for_selected(WAS_NOT_SENT))
    date_hierarchy = "ordered_at"
    ordering = ("-ordered_at", "-pk")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("customer", "business_number", "direction", "type", "writer", "content", "file")}),
        ("What became of it", {"fields": ("status", "why", "waits", "attempts", "not_before", "reported")}),
        ("When", {"fields": ("created_at", "ordered_at", "sent_at", "delivered_at", "read_at", "edited_at",
                             "deleted_at")}),
        ("For programs", {"fields": ("wamid", "client_id", "answers", "to_number", "shown_error", "shown_payload")}),
    )  # fmt: skip
    readonly_fields = (
        "writer", "content", "file", "why", "waits", "reported", "answers", "shown_error", "shown_payload",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        one = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return rows.select_related("attachment", "retried_by") if one else rows.defer("payload", "reactions")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        message: Any = super().get_object(request, object_id, from_field)
        if message is not None:
            message.links = links_for(request)
        return message

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return found_messages(queryset, search_term) if search_term.strip() else queryset, False

    def offers(self, action: str, row: Message) -> bool:
        doubtful = row.status == Status.UNCERTAIN
        return doubtful or (action == RETRY.name and row.status == Status.FAILED)

    def own_name(self, row: Message) -> str:
        return self.shortened(row)

    @admin.display(description="time")
    def time(self, message: Message) -> datetime:
        return message.ordered_at

    @admin.display(description="text")
    def shortened(self, message: Message) -> str:
        return message.preview

    @admin.display(description="sender")
    def writer(self, message: Message) -> str | None:
        if message.automatic:
            return "Automatic"
        return message.sender.name if message.sender else None

    @admin.display(description="number", ordering="business_number")
    def number(self, message: Message) -> str:
        return message.business_number.display or message.business_number.external_id

    @admin.display(description="error")
    def why(self, message: Message) -> str:
        error = message.error or {}
        return " ".join(filter(None, [error.get("title"), f"({error['code']})" if error.get("code") else ""])) or "-"

    @admin.display(description="text")
    def content(self, message: Message) -> str:
        if message.deleted_at is not None:
            return "Deleted by its sender."
        return shown_text(message.text) if message.text else "-"

    @admin.display(description="file")
    def file(self, message: Any) -> str:
        attachment: Attachment | None = getattr(message, "attachment", None)
        return "-" if attachment is None or message.deleted_at else shown_file(attachment, message.links)

    @admin.display(description="waits")
    def waits(self, message: Message) -> str:
        waiting = waiting_of([message.pk]).get(message.pk) if message.status == "queued" else None
        return waiting["title"] if waiting else "-"

    @admin.display(description="reported by the provider")
    def reported(self, message: Message) -> str:
        updates = message.status_updates.order_by("at", "pk")
        rows = (
            (localtime(update.at).strftime("%Y-%m-%d %H:%M:%S"), update.status, _reason(update.error))
            for update in updates
        )
        return format_html_join("", "<div>{} {} {}</div>", rows) or "-"

    @admin.display(description="answer to")
    def answers(self, message: Message) -> str:
        if message.reply_to_id is None:
            return "-"
        link = reverse("admin:messaging_message_change", args=[message.reply_to_id])
        return format_html('<a href="{}">#{}</a>', link, message.reply_to_id)

    @admin.display(description="error")
    def shown_error(self, message: Message) -> str:
        return shown_json(message.error) if message.error else "-"

    @admin.display(description="payload")
    def shown_payload(self, message: Message) -> str:
        return shown_json(message.payload) if message.payload and message.deleted_at is None else "-"


def _reason(error: Any) -> str:
    return str(error.get("title") or error.get("code") or "") if isinstance(error, dict) else ""
