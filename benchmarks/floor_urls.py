"""Bare Django views that do the database work of Patter's and no more: `values()` and JsonResponse.

Behind the same authentication, with the same columns of the same rows, the same count, the same order.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Left
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import path

from accounts.actions.sessions import session_of_token
from customers.models import Customer
from messaging.models import Message
from tags.models import Tag

PAGE = 20

ROW = (
    "id",
    "first_name",
    "last_name",
    "username",
    "email",
    "phone",
    "source",
    "notes",
    "is_active",
    "is_verified",
    "is_vip",
    "loyalty_tier",
    "owner_id",
    "owner__first_name",
    "owner__last_name",
    "owner__username",
    "conversation__unread_count",
    "conversation__last_inbound_at",
    "conversation__last_message_id",
    "conversation__last_message__direction",
    "conversation__last_message__type",
    "conversation__last_message__status",
    "conversation__last_message__created_at",
    "date_joined",
    "updated_at",
)
TAG = ("id", "name", "created_by_id", "created_at", "source")
MESSAGE = (
    "id",
    "customer_id",
    "direction",
    "type",
    "text",
    "payload",
    "reply_to_id",
    "reactions",
    "status",
    "error",
    "wamid",
    "client_id",
    "sender_id",
    "sender__first_name",
    "sender__last_name",
    "sender__username",
    "created_at",
    "ordered_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "edited_at",
    "deleted_at",
    "attachment__state",
    "attachment__mime_type",
    "attachment__size",
    "attachment__file_name",
    "attachment__width",
    "attachment__height",
    "attachment__file",
    "attachment__thumbnail",
    "attachment__error",
)

View = Callable[..., JsonResponse]


def signed_in(view: View) -> View:
    """The same check as accounts.authentication: the token's signature, then its session and user in one query."""

    def checked(request: HttpRequest, **kwargs: Any) -> JsonResponse:
        session, _ = session_of_token(request.META["HTTP_AUTHORIZATION"].partition(" ")[2])
        return view(request, Customer.objects.visible_to(session.user), **kwargs)

    return checked


def rows(customers: Any) -> list[dict[str, Any]]:
    found = list(customers.values(*ROW, text=Left("conversation__last_message__text", 200)))
    given = Tag.objects.filter(given_to__customer_id__in=[row["id"] for row in found])
    system = Tag.objects.exclude(source=None).values(*TAG, holder=Value(0))
    tags = defaultdict(list)
    for tag in given.values(*TAG, holder=F("given_to__customer_id")).union(system, all=True):
        tags[tag["holder"] or tag["source"]].append(tag)
    for row in found:
        row["tags"] = tags[row["id"]] + tags[row["source"]]
    return found


def page(customers: Any) -> JsonResponse:
    count = customers.count()
    return JsonResponse({"count": count, "results": rows(customers.order_by("-desk_at", "-id")[:PAGE])})


@signed_in
def customer_list(request: HttpRequest, customers: Any) -> JsonResponse:
    if term := request.GET.get("search"):
        customers = customers.filter(folded__contains=term.lower())
    return page(customers)


@signed_in
def customer_detail(request: HttpRequest, customers: Any, pk: int) -> JsonResponse:
    return JsonResponse(rows(customers.filter(pk=pk))[0])


@signed_in
def customer_messages(request: HttpRequest, customers: Any, pk: int) -> JsonResponse:
    if not customers.filter(pk=pk).exists():
        raise Http404
    size = int(request.GET["page_size"])
    chat = Message.objects.filter(customer_id=pk).exclude(type="reaction", direction="outbound")
    # One more than the page: whether there is a next one.
    found = chat.order_by("-ordered_at", "-id").values(*MESSAGE)[: size + 1]
    return JsonResponse({"results": list(found)[:size]})


urlpatterns = [
    path("api/customers/", customer_list),
    path("api/customers/<int:pk>/", customer_detail),
    path("api/customers/<int:pk>/messages/", customer_messages),
]
