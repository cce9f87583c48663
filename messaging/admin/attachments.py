"""The files of messages in Django admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import User
from core.admin.actions import RowAction, for_selected
from core.admin.readonly import ReadOnlyAdmin
from core.files.links import Links, links_for
from customers.admin.searching import HELP, FoundByCustomer
from messaging.actions.attachments import fetch_again
from messaging.models import Attachment


def _fetch_again(attachment: Attachment, actor: User, given: Any) -> str:
    fetch_again(message=attachment.message, actor=actor)
    return ""


FETCH_AGAIN = RowAction(
    "fetch_again",
    "Fetch again",
    _fetch_again,
    done="asked for again",
    asks="The provider keeps what a customer sends for some days. Files that are here already are refused.",
)


@admin.register(Attachment)
class AttachmentAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Files in chats: whether they are here, and why not."""

    customer_path = "message__customer"
    list_display = ("created_at", "customer", "name", "mime_type", "shown_size", "state", "error", "attempts")
    list_display_links = ("created_at", "name")
    list_filter = ("state", ("error", admin.EmptyFieldListFilter))
    list_select_related = ("message__customer",)
    actions = (for_selected(FETCH_AGAIN),)
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("folded",)
    search_help_text = f"{HELP}, or the name of the file."
    fields = (
        "of_message", "customer", "preview", "mime_type", "shown_size", "width", "height", "state", "error",
        "attempts", "not_before", "provider_until", "created_at",
    )  # fmt: skip
    readonly_fields = ("of_message", "customer", "preview", "shown_size")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("message__customer")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        attachment: Any = super().get_object(request, object_id, from_field)
        if attachment is not None:
            attachment.links = links_for(request)
        return attachment

    @admin.display(description="customer")
    def customer(self, attachment: Attachment) -> str:
        return str(attachment.message.customer)

    @admin.display(description="name")
    def name(self, attachment: Attachment) -> str:
        return attachment.file_name or "(no name)"

    @admin.display(description="size")
    def shown_size(self, attachment: Attachment) -> str:
        return filesizeformat(attachment.size) if attachment.size is not None else "-"

    @admin.display(description="message")
    def of_message(self, attachment: Attachment) -> str:
        link = reverse("admin:messaging_message_change", args=[attachment.message_id])
        return format_html('<a href="{}">#{}</a>', link, attachment.message_id)

    @admin.display(description="file")
    def preview(self, attachment: Any) -> str:
        return "Deleted by its sender." if attachment.message.deleted_at else shown_file(attachment, attachment.links)


def shown_file(attachment: Attachment, links: Links) -> str:
    """A file in a page of the admin: a link that opens it, around its picture if it has one, or why it is not here."""
    name = attachment.file_name or attachment.mime_type or "file"
    if attachment.state != "ready" or not attachment.file:
        return format_html("{}: {} {}", name, attachment.state, attachment.error)
    label = format_html("{} ({}, {})", name, attachment.mime_type, filesizeformat(attachment.size or 0))
    if attachment.thumbnail:
        picture = '<img class="patter-picture" src="{}" alt=""><br>{}'
        label = format_html(picture, links.to(str(attachment.thumbnail)), label)
    return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', links.to(str(attachment.file)), label)
