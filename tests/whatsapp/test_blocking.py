"""POST /api/customers/{id}/block/ and unblock/: at once in Patter, and at Meta by the relay."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEntry
from customers.models import Customer, Event
from messaging.models import BusinessNumber, Conversation, Message
from tests.graph_double import GraphDouble, meta_error
from tests.webhooks import PHONE_NUMBER_ID, says, text
from whatsapp.block_requests import BlockRequests
from whatsapp.models import Block, Identity

pytestmark = pytest.mark.django_db

BLOCK_USERS = f"{PHONE_NUMBER_ID}/block_users"
SILENT = {"code": 131047, "message": "Re-engagement required", "error_data": {"details": "silent for 24 h"}}


def relay() -> int:
    source = BlockRequests()
    jobs = source.claim(10)
    for job in jobs:
        source.run(job)
    return len(jobs)


def act(client: APIClient, customer: Customer, verb: str) -> Any:
    return client.post(f"/api/customers/{customer.pk}/{verb}/")


def row(client: APIClient, customer: Customer) -> Any:
    return client.get(f"/api/customers/{customer.pk}/").json()


@pytest.fixture
def now() -> int:
    return int(timezone.now().timestamp())


@pytest.fixture
def chatting(post: Any, customer: Customer, number: BusinessNumber, now: int) -> Customer:
    """The owner's customer, who just wrote: from a number, and from a user id."""
    post(says(text("wamid.1", at=now)))
    Identity.objects.create(customer=customer, business_number=number, user_id="LK.Other")
    return customer


@pytest.fixture
def meta(graph: GraphDouble) -> list[tuple[str, Any]]:
    """What Meta was asked of whom; it does what it is asked."""
    asked: list[tuple[str, Any]] = []

    def answer(method: str, body: dict[str, Any], bearer: str) -> Any:
        asked.append((method, body["block_users"]))
        done = [{"input": next(iter(user.values()))} for user in body["block_users"]]
        return {"block_users": {"added_users" if method == "POST" else "removed_users": done}}

    graph.says[BLOCK_USERS] = answer
    return asked


def test_blocked_at_once_and_at_meta(
    as_owner: APIClient, chatting: Customer, meta: list[Any], graph: GraphDouble
) -> None:
    answer = act(as_owner, chatting, "block")
    assert answer.status_code == 200
    assert answer.json() == row(as_owner, chatting)
    assert answer.json()["blocked"] is True
    assert answer.json()["can_send"] == {"text": False, "template": False, "reason": "blocked"}
    assert graph.asked == []
    assert relay() == 1
    assert meta == [("POST", [{"user": "+94771234567"}, {"user_id": "LK.Other"}])]
    assert (row(as_owner, chatting)["blocked"], row(as_owner, chatting)["block_error"]) == (True, None)
    assert relay() == 0


def test_nothing_is_sent_to_who_is_blocked(as_owner: APIClient, chatting: Customer) -> None:
    number = BusinessNumber.objects.get()
    failed = Message.objects.create(
        customer=chatting, business_number=number, direction="outbound", text="x", status="failed"
    )
    act(as_owner, chatting, "block")
    before = Message.objects.count(), Event.objects.count()
    refused = [
        as_owner.post("/api/messages/", {"customer": chatting.pk, "text": "hi"}),
        as_owner.post("/api/messages/", {"customer": chatting.pk, "type": "template", "template": {"name": "a"}}),
        as_owner.post(f"/api/messages/{failed.pk}/retry/"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in refused] == [(409, "blocked")] * 3
    assert (Message.objects.count(), Event.objects.count()) == before


def test_unblocked_everywhere(as_owner: APIClient, chatting: Customer, meta: list[Any]) -> None:
    act(as_owner, chatting, "block")
    relay()
    answer = act(as_owner, chatting, "unblock").json()
    assert (answer["blocked"], answer["can_send"]["reason"]) == (False, None)
    relay()
    assert meta[1] == ("DELETE", [{"user": "+94771234567"}, {"user_id": "LK.Other"}])
    assert not Identity.objects.exclude(blocked_at=None).exists()
    assert as_owner.post("/api/messages/", {"customer": chatting.pk, "text": "hi"}).status_code == 201
    verbs = AuditEntry.objects.filter(customer_id=chatting.pk).values_list("verb", flat=True)
    assert {"customer_blocked", "customer_unblocked"} <= set(verbs)


def test_asking_twice_changes_nothing(as_owner: APIClient, chatting: Customer, meta: list[Any]) -> None:
    act(as_owner, chatting, "block")
    relay()
    before = Event.objects.count()
    assert act(as_owner, chatting, "block").status_code == 200
    relay()
    assert len(meta) == 1
    assert Event.objects.count() == before


def test_who_is_silent_is_not_blocked(as_owner: APIClient, chatting: Customer, graph: GraphDouble) -> None:
    failed = [{"input": "+94771234567", "errors": [SILENT]}, {"input": "LK.Other", "errors": [SILENT]}]
    graph.says[BLOCK_USERS] = 400, {**meta_error(139100), "block_users": {"failed_users": failed}}
    act(as_owner, chatting, "block")
    relay()
    shown = row(as_owner, chatting)
    assert shown["blocked"] is False
    assert shown["block_error"] == {
        "code": 131047,
        "title": "WhatsApp blocks only people who wrote in the last 24 hours",
        "detail": "Block them after they write again.",
        "retryable": True,
    }
    assert shown["can_send"]["reason"] is None
    told = Event.objects.filter(customer=chatting).order_by("seq").last()
    assert told is not None
    assert told.data["block_error"] == shown["block_error"]


def test_who_is_blocked_in_part_is_blocked(as_owner: APIClient, chatting: Customer, graph: GraphDouble) -> None:
    lists = {"added_users": [{"input": "+94771234567"}], "failed_users": [{"input": "LK.Other", "errors": [SILENT]}]}
    graph.says[BLOCK_USERS] = 400, {**meta_error(139100), "block_users": lists}
    act(as_owner, chatting, "block")
    relay()
    shown = row(as_owner, chatting)
    assert (shown["blocked"], shown["block_error"]["code"]) == (True, 131047)
    assert Identity.objects.exclude(blocked_at=None).get().wa_id == "94771234567"


def test_a_refused_unblocking_leaves_them_blocked(
    as_owner: APIClient, chatting: Customer, meta: list[Any], graph: GraphDouble
) -> None:
    act(as_owner, chatting, "block")
    relay()
    graph.says[BLOCK_USERS] = 400, meta_error(190, "token expired")
    act(as_owner, chatting, "unblock")
    relay()
    shown = row(as_owner, chatting)
    assert shown["blocked"] is True
    assert "190" in shown["block_error"]["detail"]


def test_what_is_temporary_is_asked_again(as_owner: APIClient, chatting: Customer, graph: GraphDouble) -> None:
    graph.says[BLOCK_USERS] = 500, meta_error(131000)
    act(as_owner, chatting, "block")
    relay()
    assert row(as_owner, chatting)["blocked"] is True
    assert Block.objects.get().due


def test_what_arrives_nevertheless_is_kept_and_not_unread(
    post: Any, as_owner: APIClient, chatting: Customer, meta: list[Any], now: int
) -> None:
    as_owner.post(f"/api/customers/{chatting.pk}/read/")
    act(as_owner, chatting, "block")
    relay()
    window = Conversation.objects.get().last_inbound_at
    post(says(text("wamid.2", at=now + 1)))
    chat = Conversation.objects.get()
    assert (chat.unread_count, chat.last_inbound_at) == (0, window)
    assert Message.objects.get(wamid="wamid.2").status == "read"


def test_a_new_address_of_theirs_is_blocked_too(
    post: Any, as_owner: APIClient, customer: Customer, number: BusinessNumber, meta: list[Any]
) -> None:
    act(as_owner, customer, "block")  # they never wrote: there is nothing to ask
    relay()
    assert (meta, row(as_owner, customer)["blocked"]) == ([], True)
    post(says(text("wamid.1")))
    relay()
    assert meta == [("POST", [{"user": "+94771234567"}])]


def test_a_merge_blocks_the_addresses_of_both(
    as_admin: APIClient, chatting: Customer, number: BusinessNumber, meta: list[Any]
) -> None:
    into = Customer.objects.create(first_name="Jane")
    Identity.objects.create(customer=into, business_number=number, wa_id="15550001")
    act(as_admin, chatting, "block")
    relay()
    merge = as_admin.post(f"/api/customers/{chatting.pk}/merge/", {"into": into.pk}).json()["merge"]
    relay()
    assert meta[1:] == [("POST", [{"user": "+15550001"}])]
    assert row(as_admin, into)["blocked"] is True
    as_admin.post(f"/api/customers/merges/{merge}/undo/")
    relay()
    assert meta[2:] == [("DELETE", [{"user": "+15550001"}])]
    assert (row(as_admin, into)["blocked"], row(as_admin, chatting)["blocked"]) == (False, True)


@pytest.mark.parametrize("verb", ["block", "unblock"])
def test_strangers_find_nobody(as_stranger: APIClient, chatting: Customer, verb: str) -> None:
    before = Event.objects.count()
    assert act(as_stranger, chatting, verb).status_code == 404
    assert (Event.objects.count(), Block.objects.count()) == (before, 0)
