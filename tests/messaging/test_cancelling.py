"""DELETE /api/messages/{id}/: what is still queued can be taken back."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from customers.models import Event
from messaging.models import Conversation, Message
from messaging.relay.outbox import Outbox
from tests.accounts.parallel import all_in_parallel
from tests.media_files import quarters, upload


@pytest.fixture
def queue(as_owner: Any, customer: Any, says: Any) -> Any:
    says(customer, "hello?")

    def post(text: str = "Sure", **fields: Any) -> int:
        answer = as_owner.post("/api/messages/", {"customer": customer.pk, "text": text, **fields}, format="json")
        assert answer.status_code == 201, answer.json()
        return int(answer.json()["id"])

    return post


def events(customer: Any) -> list[tuple[str, Any]]:
    return list(Event.objects.filter(customer=customer).order_by("seq").values_list("type", "data"))


def test_it_is_taken_back(
    queue: Any, as_owner: Any, customer: Any, owner: Any, transport: Any, relay_turn: Any
) -> None:
    message = queue()
    before = len(events(customer))
    answer = as_owner.delete(f"/api/messages/{message}/")
    assert (answer.status_code, answer.json()["status"], answer.json()["text"]) == (200, "cancelled", "Sure")
    (told,) = events(customer)[before:]
    assert told[0] == "message_status"
    assert (told[1]["id"], told[1]["status"], told[1]["waiting"]) == (message, "cancelled", None)
    assert relay_turn() == 0
    assert transport.sent == []
    entry = AuditEntry.objects.get(verb="message_cancelled")
    assert entry.actor_id == owner.pk
    row = as_owner.get(f"/api/customers/{customer.pk}/").json()
    assert (row["last_message"]["id"], row["last_message"]["status"]) == (message, "cancelled")
    assert Conversation.objects.get(customer=customer).last_message_id == message
    assert as_owner.get("/api/messages/?status=cancelled").json()["results"][0]["id"] == message


def test_twice_is_once(queue: Any, as_owner: Any, customer: Any) -> None:
    message = queue()
    as_owner.delete(f"/api/messages/{message}/")
    before = events(customer)
    again = as_owner.delete(f"/api/messages/{message}/")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    assert events(customer) == before


@pytest.mark.parametrize("status", ["sending", "uncertain", "sent", "delivered", "read", "played", "failed"])
def test_later_is_too_late(queue: Any, as_owner: Any, customer: Any, status: str) -> None:
    message = queue()
    Message.objects.filter(pk=message).update(status=status)
    before = events(customer)
    answer = as_owner.delete(f"/api/messages/{message}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_sent")
    assert status in answer.json()["detail"]
    assert Message.objects.get(pk=message).status == status
    assert events(customer) == before


def test_what_came_in_stays(queue: Any, as_owner: Any, customer: Any) -> None:
    inbound = Message.objects.get(customer=customer, direction="inbound").pk
    assert as_owner.delete(f"/api/messages/{inbound}/").json()["code"] == "already_sent"
    assert Message.objects.get(pk=inbound).status == "received"


def test_it_is_for_who_may_see_the_chat(queue: Any, as_stranger: Any, as_admin: Any, as_customer: Any) -> None:
    message = queue()
    foreign, missing = as_stranger.delete(f"/api/messages/{message}/"), as_stranger.delete("/api/messages/999999/")
    assert (foreign.status_code, foreign.json()["detail"]) == (404, missing.json()["detail"])
    assert as_customer.delete(f"/api/messages/{message}/").status_code == 403
    assert Message.objects.get(pk=message).status == "queued"
    assert as_admin.delete(f"/api/messages/{message}/").status_code == 200


def test_the_next_one_has_its_turn(queue: Any, as_owner: Any, transport: Any, relay_turn: Any) -> None:
    first, second = queue("one"), queue("two")
    assert as_owner.get(f"/api/messages/{second}/").json()["waiting"]["code"] == "behind"
    as_owner.delete(f"/api/messages/{first}/")
    assert as_owner.get(f"/api/messages/{second}/").json()["waiting"] is None
    assert relay_turn() == 1
    assert [message.pk for message in transport.sent] == [second]


def test_it_cannot_be_sent_again(queue: Any, as_owner: Any) -> None:
    message = queue(client_id="c-1")
    as_owner.delete(f"/api/messages/{message}/")
    assert as_owner.post(f"/api/messages/{message}/retry/").json()["code"] == "not_retryable"
    same = as_owner.post("/api/messages/", {"customer": 0, "text": "x", "client_id": "c-1"}, format="json")
    assert same.status_code in (400, 409)
    assert Message.objects.get(pk=message).status == "cancelled"


def test_a_reaction_disappears(queue: Any, as_owner: Any, customer: Any) -> None:
    asked = Message.objects.get(customer=customer, direction="inbound").pk
    reaction = queue("", type="reaction", reply_to=asked, payload={"emoji": "👍"})
    assert as_owner.get(f"/api/messages/{asked}/").json()["reactions"]
    as_owner.delete(f"/api/messages/{reaction}/")
    assert as_owner.get(f"/api/messages/{asked}/").json()["reactions"] == []


def test_an_older_version_is_refused(queue: Any, as_owner: Any) -> None:
    message = queue()
    stale = as_owner.delete(f"/api/messages/{message}/", headers={"if-match": '"older"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    version = as_owner.get(f"/api/messages/{message}/")["ETag"]
    assert as_owner.delete(f"/api/messages/{message}/", headers={"if-match": version}).status_code == 200


def test_one_whose_file_is_converted_is_not_sent(
    queue: Any, as_owner: Any, customer: Any, transport: Any, relay_turn: Any, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    queue("before")
    body = {"customer": customer.pk, "media": upload("photo.heic", quarters("HEIF"))}
    message = as_owner.post("/api/messages/", body, format="multipart").json()["id"]
    assert as_owner.delete(f"/api/messages/{message}/").json()["status"] == "cancelled"
    assert relay_turn() == 1
    assert relay_turn() == 0
    assert len(transport.sent) == 1


@pytest.mark.django_db(transaction=True)
def test_either_it_is_taken_back_or_sent(queue: Any, as_owner: Any, transport: Any) -> None:
    for _ in range(5):
        message = queue()

        def send() -> int:
            source = Outbox()
            jobs = source.claim(10)
            for job in jobs:
                source.run(job)
            return len(jobs)

        answer, sent = all_in_parallel([lambda: as_owner.delete(f"/api/messages/{message}/").status_code, send])  # noqa: B023
        assert (answer, sent) in ((200, 0), (409, 1)), (answer, sent)
        assert Message.objects.get(pk=message).status == ("cancelled" if sent == 0 else "sent")
        assert len(transport.sent) == sent
        transport.sent.clear()
