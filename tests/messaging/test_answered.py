"""What a message shows of the one it answers, and where it stands in the chat."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from customers.models import Customer, Event
from messaging.models import BusinessNumber, Message

LONG = "word " * 100


def shown(client: Any, pk: int) -> Any:
    return client.get(f"/api/messages/{pk}/").json()


def recorded(pk: int) -> Any:
    return Event.objects.get(type="chat_message", data__id=pk).data


@pytest.fixture
def asked(says: Any, customer: Customer) -> int:
    return int(says(customer, LONG, wamid="wamid.asked"))


@pytest.fixture
def answer(asked: int, as_owner: Any, customer: Customer) -> Any:
    """Our answer to what was asked, as JSON."""
    return as_owner.post("/api/messages/", {"customer": customer.pk, "text": "here", "reply_to": asked}).json()


def test_ours_shows_what_the_customer_asked(answer: Any, asked: int, as_owner: Any) -> None:
    assert answer["reply_to_preview"] == {
        "id": asked,
        "direction": "inbound",
        "type": "text",
        "text": LONG[:100],
        "sender": None,
    }
    assert answer == shown(as_owner, answer["id"]) == recorded(answer["id"])


def test_theirs_shows_what_we_wrote(
    answer: Any, as_owner: Any, as_admin: Any, customer: Customer, owner: User, says: Any
) -> None:
    Message.objects.filter(pk=answer["id"]).update(wamid="wamid.ours")
    thanks = says(customer, "thanks", reply_to_wamid="wamid.ours")

    row = shown(as_owner, thanks)
    assert row["reply_to_preview"] == {
        "id": answer["id"],
        "direction": "outbound",
        "type": "text",
        "text": "here",
        "sender": {"id": owner.pk, "name": "Sam"},
    }
    assert row == recorded(thanks)
    # A colleague's message, answered by another colleague.
    body = {"customer": customer.pk, "text": "and this", "reply_to": answer["id"]}
    sent = as_admin.post("/api/messages/", body).json()
    assert sent["reply_to_preview"] == row["reply_to_preview"]
    assert sent == shown(as_admin, sent["id"])


def test_lists_and_search_show_the_same(answer: Any, as_owner: Any, customer: Customer) -> None:
    for url in (
        f"/api/customers/{customer.pk}/messages/",
        f"/api/customers/{customer.pk}/messages/?search=here",
        "/api/messages/?search=here",
    ):
        assert as_owner.get(url).json()["results"][0] == answer, url


def test_what_was_deleted_is_not_quoted(answer: Any, asked: int, as_owner: Any) -> None:
    Message.objects.filter(pk=asked).update(deleted_at=timezone.now())

    preview = shown(as_owner, answer["id"])["reply_to_preview"]
    assert (preview["id"], preview["text"]) == (asked, "")


def test_a_message_that_went_to_another_chat_is_not_quoted(answer: Any, asked: int, as_owner: Any, says: Any) -> None:
    """As after a merge was undone: its new owner alone may read it."""
    foreign = Customer.objects.create(first_name="Somebody else")
    Message.objects.filter(pk=asked).update(customer=foreign)

    assert shown(as_owner, answer["id"])["reply_to_preview"] is None
    again = says(Customer.objects.get(pk=answer["customer"]), "about that", reply_to_wamid="wamid.asked")
    assert shown(as_owner, again)["reply_to_preview"] is None
    assert recorded(again)["reply_to_preview"] is None


def test_a_page_of_answers_costs_as_much_as_a_page_without(
    answer: Any, asked: int, as_owner: Any, customer: Customer, django_assert_num_queries: Any
) -> None:
    as_owner.get(f"/api/customers/{customer.pk}/messages/")  # compiles
    for _ in range(2):
        with django_assert_num_queries(3):  # the session, the messages, why queued ones wait
            as_owner.get(f"/api/customers/{customer.pk}/messages/")
        for n in range(5):
            as_owner.post("/api/messages/", {"customer": customer.pk, "text": f"{n}", "reply_to": asked})


def test_its_place_in_the_chat(as_owner: Any, customer: Customer, says: Any, number: BusinessNumber) -> None:
    now, late = says(customer, "now"), says(customer, "yesterday", ago=timedelta(days=1))

    rows = as_owner.get(f"/api/customers/{customer.pk}/messages/").json()["results"]

    assert [row["id"] for row in rows] == [now, late]
    assert rows == sorted(rows, key=lambda row: (row["ordered_at"], row["id"]), reverse=True)
    assert rows[1]["ordered_at"] == rows[1]["created_at"]
    assert [row["business_number"] for row in rows] == [number.pk] * 2
    assert [recorded(pk)["ordered_at"] for pk in (now, late)] == [row["ordered_at"] for row in rows]
