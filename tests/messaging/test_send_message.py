"""POST /api/messages/"""

from datetime import timedelta
from typing import Any

import pytest

from customers.models import Event
from messaging.actions import sending
from messaging.models import Message


@pytest.fixture(autouse=True)
def open_window(customer: Any, says: Any) -> None:
    says(customer, "hello?")


def outbound() -> Any:
    return Message.objects.filter(direction="outbound")


def test_it_queues_the_message_and_records_it(as_owner: Any, customer: Any, owner: Any) -> None:
    response = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "Hi John", "client_id": "c-1"})
    assert response.status_code == 201
    message = outbound().get()
    body = response.json()
    assert body == {
        "id": message.pk,
        "customer": customer.pk,
        "direction": "outbound",
        "type": "text",
        "text": "Hi John",
        "media": None,
        "payload": {"body": "Hi John"},
        "shown": None,
        "reply_to": None,
        "reply_to_preview": None,
        "reactions": [],
        "status": "queued",
        "error": None,
        "held": None,
        "handled_by": None,
        "waiting": None,
        "wamid": None,
        "automatic": False,
        "client_id": "c-1",
        "sender": {"id": owner.pk, "name": "Sam"},
        "business_number": message.business_number_id,
        "created_at": body["created_at"],
        "ordered_at": body["created_at"],
        "sent_at": None,
        "delivered_at": None,
        "read_at": None,
        "edited_at": None,
        "deleted_at": None,
    }
    event = Event.objects.get(customer=customer, type="chat_message", seq=2)
    assert event.data == body
    assert event.actor == owner
    assert as_owner.get(f"/api/messages/{message.pk}/").json() == body
    assert customer.__class__.objects.get(pk=customer.pk).desk_at == message.ordered_at


def test_the_same_client_id_gives_the_first_message_back(as_owner: Any, customer: Any) -> None:
    body = {"customer": customer.pk, "text": "once", "client_id": "c-1"}
    first = as_owner.post("/api/messages/", body)
    again = as_owner.post("/api/messages/", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert outbound().count() == 1
    assert Event.objects.filter(customer=customer).count() == 2


def test_it_refuses_a_client_id_with_other_content(as_owner: Any, customer: Any) -> None:
    as_owner.post("/api/messages/", {"customer": customer.pk, "text": "once", "client_id": "c-1"})
    response = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "twice", "client_id": "c-1"})
    assert response.status_code == 409
    assert response.json()["code"] == "client_id_taken"
    assert outbound().count() == 1


def test_two_people_may_use_the_same_client_id(as_owner: Any, as_admin: Any, customer: Any) -> None:
    body = {"customer": customer.pk, "text": "hi", "client_id": "c-1"}
    assert as_owner.post("/api/messages/", body).status_code == 201
    assert as_admin.post("/api/messages/", body).status_code == 201
    assert outbound().count() == 2


def test_it_answers_a_message(as_owner: Any, customer: Any) -> None:
    asked = Message.objects.get(direction="inbound")
    body = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "yes", "reply_to": asked.pk}).json()
    assert body["reply_to"] == asked.pk


def test_it_refuses_to_answer_a_message_of_another_chat(as_admin: Any, customer: Any, owner: Any, says: Any) -> None:
    other = customer.__class__.objects.create(first_name="Other", owner=owner)
    foreign = says(other, "psst")
    response = as_admin.post("/api/messages/", {"customer": customer.pk, "text": "yes", "reply_to": foreign})
    assert response.status_code == 400
    assert response.json() == {"reply_to": [f'Invalid pk "{foreign}" - object does not exist.']}
    assert not outbound().exists()


def test_it_refuses_outside_the_service_window(as_owner: Any, customer: Any) -> None:
    from_then = customer.conversation.last_inbound_at - timedelta(hours=24, minutes=1)
    customer.conversation.__class__.objects.update(last_inbound_at=from_then)
    response = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "too late"})
    assert response.status_code == 409
    body = response.json()
    assert body["code"] == "outside_service_window"
    assert body["detail"]
    assert body["window_expires_at"] == (from_then + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
    assert not outbound().exists()


def test_it_refuses_somebody_who_never_wrote(as_owner: Any, owner: Any, customer: Any) -> None:
    silent = customer.__class__.objects.create(first_name="Silent", owner=owner)
    response = as_owner.post("/api/messages/", {"customer": silent.pk, "text": "hi"})
    assert response.status_code == 409
    assert response.json()["window_expires_at"] is None
    assert not outbound().exists()


@pytest.mark.parametrize("same", [True, False])
def test_a_client_id_that_is_used_at_this_moment_is_sent_once(
    as_owner: Any, customer: Any, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    """It was free when the customer was locked. Somebody else's chat does not wait for that lock."""
    composed = sending._content
    body = {"customer": customer.pk, "text": "once", "client_id": "c-1"}
    first: list[Any] = []

    def composed_later(*asked: Any) -> Any:
        monkeypatch.setattr(sending, "_content", composed)
        first.append(as_owner.post("/api/messages/", body))
        return composed(*asked)

    monkeypatch.setattr(sending, "_content", composed_later)
    again = as_owner.post("/api/messages/", body if same else {**body, "text": "something else"})

    assert first[0].status_code == 201
    if same:
        assert (again.status_code, again.json()) == (200, first[0].json())
        assert outbound().get().text == "once"
        assert Event.objects.filter(type="chat_message").count() == 2
    else:
        assert (again.status_code, again.json()["code"]) == (409, "client_id_taken")
        assert not outbound().filter(text="something else").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": None}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": "x" * 4097}, "text"),
        ({"type": "carrier_pigeon"}, "type"),
        ({"customer": "x"}, "customer"),
        ({"customer": None}, "customer"),
        ({"customer": 10**30}, "customer"),
        ({"customer": {"id": 1}}, "customer"),
        ({"reply_to": "x"}, "reply_to"),
        ({"reply_to": 10**30}, "reply_to"),
        ({"client_id": "x" * 101}, "client_id"),
    ],
)
def test_it_rejects_bad_fields(as_owner: Any, customer: Any, change: dict[str, Any], field: str) -> None:
    response = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "hi", **change})
    assert response.status_code == 400
    assert list(response.json()) == [field]
    assert not outbound().exists()


@pytest.mark.parametrize(
    "body",
    [
        b'{"customer": 1, "text": "hi"',
        b'{"customer": %d, "text": "nul \\u0000"}',
        b'{"customer": %d, "text": "lone \\ud800"}',
        b'{"customer": %d, "text": "hi", "x": NaN}',
        b'{"customer": %d, "text": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xff\xfe",
        b"[]",
        b'"text"',
    ],
)
def test_it_rejects_hostile_bodies(as_owner: Any, customer: Any, body: bytes) -> None:
    raw = body % customer.pk if b"%d" in body else body
    response = as_owner.post("/api/messages/", raw, content_type="application/json")
    assert response.status_code == 400
    assert response.json()
    assert not outbound().exists()


def test_it_hides_the_customer_from_a_stranger(as_stranger: Any, customer: Any) -> None:
    foreign = as_stranger.post("/api/messages/", {"customer": customer.pk, "text": "hi"})
    missing = as_stranger.post("/api/messages/", {"customer": 99999, "text": "hi"})
    assert foreign.status_code == missing.status_code == 400
    assert foreign.json() == {"customer": [f'Invalid pk "{customer.pk}" - object does not exist.']}
    assert missing.json() == {"customer": ['Invalid pk "99999" - object does not exist.']}
    assert not outbound().exists()


def test_it_is_for_the_desk_only(as_customer: Any, anonymous: Any, customer: Any) -> None:
    body = {"customer": customer.pk, "text": "hi"}
    assert as_customer.post("/api/messages/", body).status_code == 403
    assert anonymous.post("/api/messages/", body).status_code == 401
    assert not outbound().exists()


def test_a_null_field_counts_as_left_out(as_owner: Any, customer: Any) -> None:
    """The whole documented body."""
    nothing = dict.fromkeys(("media", "payload", "template", "reply_to", "to_contact", "client_id", "type"))

    sent = as_owner.post("/api/messages/", {**nothing, "customer": customer.pk, "text": "Hello"})
    refused = as_owner.post("/api/messages/", {**nothing, "customer": customer.pk, "text": None})

    assert (sent.status_code, sent.json()["type"], sent.json()["text"]) == (201, "text", "Hello")
    assert (refused.status_code, refused.json()) == (400, {"text": ["This field is required."]})
    assert Message.objects.filter(direction="outbound").count() == 1


@pytest.mark.parametrize("wrong", [0.9, True, "x", [], {}])
def test_an_id_must_be_a_whole_number(as_admin: Any, customer: Any, wrong: Any) -> None:
    asked = customer.pk + wrong if isinstance(wrong, float) else wrong

    answer = as_admin.post("/api/messages/", {"customer": asked, "text": "Hello"})

    assert (answer.status_code, list(answer.json())) == (400, ["customer"])
    assert not Message.objects.filter(direction="outbound").exists()
