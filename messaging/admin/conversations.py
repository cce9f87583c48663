"""Chats in Django admin."""

from django.contrib import admin

from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import FoundByCustomer, OwnerFilter
from messaging.models import Conversation


@admin.register(Conversation)
class ConversationAdmin(FoundByCustomer, ReadOnlyAdmin):
    """The chat with each customer as a whole. Its messages are on the customer's page."""

    list_display = ("customer", "owner", "business_number", "unread_count", "last_message", "last_inbound_at")
    list_filter = ("business_number", OwnerFilter)
    list_select_related = ("customer__owner", "business_number", "last_message")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("customer", "business_number", "unread_count", "last_message", "last_inbound_at", "last_address")

    @admin.display(description="owner")
    def owner(self, conversation: Conversation) -> str:
        return str(conversation.customer.owner or "-")
