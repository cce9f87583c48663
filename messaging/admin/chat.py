"""The chat on a customer's page in Django admin."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, QueryDict
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from accounts.models import User
from core.admin.actions import ItemForm, RowAction
from core.files.links import links_for
from core.pagination import HistoryPages
from customers.admin.registry import Section, add_section, on_item
from customers.models import Customer
from messaging.actions.attachments import fetch_again
from messaging.admin.messages import RETRY, WAS_NOT_SENT, WAS_SENT
from messaging.admin.transcript import bubbles
from messaging.models import Conversation, Message
from messaging.serializers.messages import message_data, shown_messages, with_links
from messaging.serializers.waiting import with_waiting

_ROWS = "50"


def _messages_of(customer: Customer) -> Any:
    return Message.objects.filter(customer=customer)


def _fetch(customer: Customer, actor: User, given: Any) -> str:
    fetch_again(message=_messages_of(customer).get(pk=given["item"]), actor=actor)
    return ""


FETCH = RowAction("fetch", "Fetch the file again", _fetch, done="asked for again", form=ItemForm)


def _chat(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    marked = request.GET.get("around", "")
    pages, rows = _page(request, customer)
    links = links_for(request)
    shown = [with_links(message_data(row), links) for row in with_waiting(rows)]
    conversation = Conversation.objects.filter(customer=customer).select_related("business_number").first()
    return {
        # The newest is at the bottom, as on a phone.
        "bubbles": bubbles(reversed(shown), customer.name),
        "older": pages.older,
        "newer": pages.newer,
        "conversation": conversation,
        "marked": marked,
    }


class _Pages(HistoryPages):
    """The pages of a chat, with links that need no host."""

    @property
    def older(self) -> str | None:
        return self._query(self._next)

    @property
    def newer(self) -> str | None:
        return self._query(self._previous)

    @staticmethod
    def _query(link: str | None) -> str | None:
        return f"?{link.partition('?')[2]}" if link else None


def _page(request: HttpRequest, customer: Customer) -> tuple[_Pages, list[dict[str, Any]]]:
    """A page of the chat, the newest message first. An address that is not one of ours shows the newest page."""
    messages = shown_messages().filter(customer_id=customer.pk).bubbles()
    asked = {name: request.GET[name] for name in ("cursor", "around") if name in request.GET}
    for wanted in (asked, {}):
        query = QueryDict(mutable=True)
        query.update({**wanted, "page_size": _ROWS})
        request.GET = query  # type: ignore[assignment]  # the pages read no other parameters
        pages = _Pages()
        try:
            return pages, pages.paginate_queryset(messages, Request(request))
        except APIException:
            continue
    return pages, []


add_section(
    Section(
        "chat",
        "Chat",
        10,
        "admin/messaging/chat.html",
        _chat,
        (
            on_item(RETRY, _messages_of),
            # A slip of the hand would be believed.
            on_item(replace(WAS_SENT, harmful=True), _messages_of),
            on_item(replace(WAS_NOT_SENT, harmful=True), _messages_of),
            FETCH,
        ),
    )
)
