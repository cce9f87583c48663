"""GET /api/messages/, /api/messages/{id}/ and /api/customers/{id}/messages/"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from customers.models import Customer
from messaging.actions.statuses import apply_status
from messaging.models import BusinessNumber, Message, Status


def ids(response: Any) -> list[int]:
    return [row["id"] for row in response.json()["results"]]


def test_newest_first_in_pages_that_new_messages_do_not_shift(as_owner: Any, customer: Any, says: Any) -> None:
    sent = [says(customer, f"message {n}") for n in range(5)]
    url = f"/api/customers/{customer.pk}/messages/?page_size=2"
    first = as_owner.get(url)
    assert ids(first) == [sent[4], sent[3]]
    assert first.json()["previous"] is None
    says(customer, "one more, meanwhile")
    second = as_owner.get(first.json()["next"])
    assert ids(second) == [sent[2], sent[1]]
    third = as_owner.get(second.json()["next"])
    assert ids(third) == [sent[0]]
    assert third.json()["next"] is None
    assert ids(as_owner.get(third.json()["previous"])) == [sent[2], sent[1]]


def test_a_late_message_slots_in_where_it_belongs(as_owner: Any, customer: Any, says: Any) -> None:
    recent = says(customer, "now")
    late = says(customer, "an hour ago", ago=timedelta(hours=1))
    assert ids(as_owner.get(f"/api/customers/{customer.pk}/messages/")) == [recent, late]


def test_a_quick_exchange_keeps_its_order_although_metas_clock_has_whole_seconds(
    as_owner: Any, customer: Any, says: Any
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    question = says(customer, "how much?", at=now)
    answer = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "ten"}).json()["id"]
    thanks = says(customer, "thanks", at=now)
    response = as_owner.get(f"/api/customers/{customer.pk}/messages/")
    assert ids(response) == [thanks, answer, question]
    assert response.json()["results"][0]["created_at"] == now.isoformat().replace("+00:00", "Z")


def test_filters(as_owner: Any, customer: Any, says: Any) -> None:
    hello, price = says(customer, "hello"), says(customer, "what is the PRICE of 100%_cotton")
    answer = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "the price is ten"}).json()["id"]
    url = "/api/messages/"
    assert ids(as_owner.get(url, {"direction": "inbound"})) == [price, hello]
    assert ids(as_owner.get(url, {"status": "queued"})) == [answer]
    assert ids(as_owner.get(url, {"type": "image"})) == []
    assert ids(as_owner.get(url, {"search": "price"})) == [answer, price]
    assert ids(as_owner.get(url, {"search": "price cotton"})) == [price]
    assert as_owner.get(url, {"direction": "sideways"}).status_code == 400


def test_directions_with_a_status_or_a_type(as_owner: Any, customer: Any, says: Any) -> None:
    inbound = says(customer, "hello")
    sent = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "hi"}).json()["id"]
    for direction, message, statuses in (
        ("inbound", inbound, ("received", "read")),
        ("outbound", sent, set(Status.values) - {"received"}),
    ):
        for status in statuses:
            Message.objects.filter(pk=message).update(status=status)
            found = as_owner.get("/api/messages/", {"direction": direction, "status": status, "type": "text"})
            assert ids(found) == [message]


@pytest.mark.parametrize(
    "query",
    ["direction=inbound&status=delivered", "direction=outbound&status=received", "direction=outbound&type=reaction"],
)
def test_what_no_message_can_be_is_not_looked_for(
    as_owner: Any, customer: Any, says: Any, query: str, django_assert_num_queries: Any
) -> None:
    says(customer)
    with django_assert_num_queries(1):  # the session
        assert ids(as_owner.get(f"/api/messages/?{query}")) == []


@pytest.mark.parametrize("cursor", ["p=notadate", "%00", "AAAA", "b2xkZXJ8eHwx", "é", "x" * 5000])
def test_garbage_cursors_are_refused(as_owner: Any, cursor: str) -> None:
    response = as_owner.get("/api/messages/", {"cursor": cursor})
    assert response.status_code in (400, 404)
    assert response.json()["detail"]


def test_page_size_is_bounded(as_owner: Any, customer: Any, says: Any) -> None:
    for _ in range(3):
        says(customer)
    assert len(ids(as_owner.get("/api/messages/?page_size=2"))) == 2
    for odd in ("0", "-1", "x", "9" * 30):
        assert len(ids(as_owner.get(f"/api/messages/?page_size={odd}"))) == 3


def test_a_longer_page_costs_no_more_queries(
    as_owner: Any, customer: Any, says: Any, django_assert_num_queries: Any
) -> None:
    says(customer)
    with django_assert_num_queries(2):
        as_owner.get(f"/api/customers/{customer.pk}/messages/")
    for _ in range(9):
        says(customer)
    with django_assert_num_queries(2):
        assert len(ids(as_owner.get(f"/api/customers/{customer.pk}/messages/"))) == 10


def test_strangers_see_nothing_and_learn_nothing(as_stranger: Any, customer: Any, says: Any) -> None:
    message = says(customer)
    assert ids(as_stranger.get("/api/messages/")) == []
    assert ids(as_stranger.get("/api/messages/", {"search": "hello"})) == []
    for url in ("/api/messages/{}/", "/api/customers/{}/messages/"):
        foreign = as_stranger.get(url.format(message if "messages/{}" in url else customer.pk))
        missing = as_stranger.get(url.format(99999))
        huge = as_stranger.get(url.format(10**30))
        assert foreign.status_code == missing.status_code == huge.status_code == 404
        assert foreign.json() == missing.json()


def test_admins_see_all_messages_and_customers_none(
    as_admin: Any, as_customer: Any, anonymous: Any, customer: Any, says: Any
) -> None:
    message = says(customer)
    assert ids(as_admin.get("/api/messages/")) == [message]
    for client, code in ((as_customer, 403), (anonymous, 401)):
        for url in ("/api/messages/", f"/api/messages/{message}/", f"/api/customers/{customer.pk}/messages/"):
            assert client.get(url).status_code == code


def test_a_redelivery_changes_nothing(customer: Any, says: Any) -> None:
    says(customer, "first", wamid="wamid.X")
    before = Customer.objects.values().get(pk=customer.pk)
    assert says(customer, "first", wamid="wamid.X") is None
    assert Message.objects.count() == 1
    assert Customer.objects.values().get(pk=customer.pk) == before
    assert customer.conversation.unread_count == 1


def test_the_statuses_of_a_message_with_their_times_and_price(
    as_owner: APIClient, as_stranger: APIClient, customer: Customer, number: BusinessNumber
) -> None:
    message = Message.objects.create(
        customer=customer, business_number=number, direction="outbound", status="sent", wamid="wamid.OUT"
    )
    at = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    said = {"number": number, "wamid": "wamid.OUT"}
    apply_status(**said, status="played", at=at + timedelta(minutes=2))
    apply_status(**said, status="delivered", at=at, pricing={"billable": True, "category": "utility"})

    rows = as_owner.get(f"/api/messages/{message.pk}/statuses/").json()
    assert [(row["status"], row["at"], row["error"]) for row in rows] == [
        ("delivered", "2026-01-15T10:30:00Z", None),
        ("played", "2026-01-15T10:32:00Z", None),
    ]
    assert rows[0]["pricing"] == {"billable": True, "category": "utility"}
    assert as_owner.get(f"/api/messages/{message.pk}/").json()["status"] == "played"
    assert as_stranger.get(f"/api/messages/{message.pk}/statuses/").status_code == 404
