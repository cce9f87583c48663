"""Chats in Django admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import FoundByCustomer, OwnerFilter
from messaging.desk.figures import waiting_chats
from messaging.models import Conversation, Message


class WaitingFilter(admin.SimpleListFilter):
    title = "answer"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "waiting for one")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset & waiting_chats() if self.value() == "yes" else queryset


class UnreadFilter(admin.SimpleListFilter):
    title = "unread"
    parameter_name = "unread"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "with unread messages")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(unread_count__gt=0) if self.value() == "yes" else queryset


@admin.register(Conversation)
class ConversationAdmin(FoundByCustomer, ReadOnlyAdmin):
    """The chat with each customer as a whole. Those who wait for an answer come in the order in which they wait."""

    list_display = ("customer", "seller", "number", "last_said", "last_at", "unread_count", "waiting_since", "state")
    list_filter = (WaitingFilter, UnreadFilter, "state", "business_number", OwnerFilter)
    list_select_related = ("customer__owner", "business_number", "last_message")
    sortable_by = ()
    fields = (
        "customer",
        "business_number",
        "state",
        "snoozed_until",
        "waiting_since",
        "unread_count",
        "last_message",
        "last_inbound_at",
        "last_address",
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("waiting_since", "pk") if request.GET.get("waiting") == "yes" else ("-pk",)

    @admin.display(description="owner")
    def seller(self, conversation: Conversation) -> str:
        owner = conversation.customer.owner
        return owner.name if owner else "-"

    @admin.display(description="number")
    def number(self, conversation: Conversation) -> str:
        return conversation.business_number.display or conversation.business_number.external_id

    @admin.display(description="last message")
    def last_said(self, conversation: Conversation) -> str:
        message: Message | None = conversation.last_message
        return "-" if message is None else f"{message.direction}: {message.preview}"

    @admin.display(description="said at")
    def last_at(self, conversation: Conversation) -> Any:
        return conversation.last_message.ordered_at if conversation.last_message else None
