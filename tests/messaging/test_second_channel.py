"""A second provider beside WhatsApp: one app and one line in CHANNELS carry its messages in and out."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer, Event
from messaging.actions.number_pauses import UNTIL_RESUMED, halt, resume_with_new_access
from messaging.channels import Rejected, Retry
from messaging.models import Attachment, BusinessNumber, Conversation, Message
from messaging.relay.downloads import Downloads
from messaging.relay.outbox import Outbox
from tests.messaging import sms_channel

pytestmark = pytest.mark.django_db

SHOP, OFFICE = "7001", "7002"
PHONE = "+94770000001"

Says = Callable[..., int]
Answer = Callable[..., int]


@pytest.fixture(autouse=True)
def installed(settings: Any) -> Iterator[None]:
    settings.CHANNELS = {**settings.CHANNELS, "sms": "tests.messaging.sms_channel.Sms"}
    settings.ROOT_URLCONF = "tests.messaging.sms_channel"
    yield
    for kept in (sms_channel.sent, sms_channel.outcomes, sms_channel.pictures):
        kept.clear()


@pytest.fixture
def provider(client: Client) -> Says:
    """Let the provider post what a customer wrote, or what became of a message; return the HTTP status."""

    def post(wamid: str, *, key: str = sms_channel.KEY, ago: timedelta = timedelta(0), **said: Any) -> int:
        body = {"id": wamid, "from": PHONE, "to": SHOP, "at": int(time.time() - ago.total_seconds())}
        answer = client.post("/sms/", body | said, content_type="application/json", headers={"X-Sms-Key": key})
        return int(answer.status_code)

    return post


@pytest.fixture
def answer(as_owner: APIClient, provider: Says) -> Answer:
    """Queue an answer to the customer, who has written; return its id."""
    provider("in-1", text="Are you open on Sunday?")

    def queue(text: str) -> int:
        response = as_owner.post("/api/messages/", {"customer": Customer.objects.get().pk, "text": text})
        assert response.status_code == 201, response.json()
        return int(response.json()["id"])

    return queue


def relay_turn() -> list[int]:
    """Let the relay send what is due, the pause of a retry being over; return the ids of the messages."""
    Message.objects.update(not_before=datetime(2000, 1, 1, tzinfo=UTC))
    outbox = Outbox()
    jobs = outbox.claim(10)
    for job in jobs:
        outbox.run(job)
    return [job.message_id for job in jobs]


def status_of(message_id: int) -> str:
    return Message.objects.get(pk=message_id).status


class TestIn:
    def test_a_message_makes_a_customer_with_a_salesperson(
        self, provider: Says, owner: User, as_owner: APIClient
    ) -> None:
        assert provider("in-1", text="Are you open on Sunday?") == 200

        (row,) = as_owner.get("/api/customers/").json()["results"]
        assert (row["phone"], row["owner"]["id"], row["unread_count"]) == (PHONE, owner.pk, 1)
        (message,) = as_owner.get(f"/api/customers/{row['id']}/messages/").json()["results"]
        assert (message["direction"], message["type"], message["text"]) == (
            "inbound",
            "text",
            "Are you open on Sunday?",
        )
        assert Conversation.objects.get().business_number.external_id == SHOP

    def test_twice_changes_nothing(self, provider: Says) -> None:
        provider("in-1", text="Hello")
        before = Event.objects.count(), Message.objects.count()
        assert provider("in-1", text="Hello") == 200
        assert (Event.objects.count(), Message.objects.count()) == before

    def test_a_stranger_posts_nothing(self, provider: Says) -> None:
        assert provider("in-1", text="Hello", key="guessed") == 401
        assert not Message.objects.exists()

    def test_a_customer_of_whatsapp_is_the_same_one(self, provider: Says, customer: Customer) -> None:
        provider("in-1", text="Hello", **{"from": customer.phone})
        assert Message.objects.get().customer == customer

    def test_its_pictures_are_fetched_from_it(self, provider: Says, settings: Any, tmp_path: Path) -> None:
        settings.MEDIA_ROOT = str(tmp_path)
        sms_channel.pictures["p1"] = b"\x89PNG of the shop"
        provider("in-1", picture="p1")
        provider("in-2", picture="p2")
        held_for = Attachment.objects.filter(provider_id="p1").get().provider_until - timezone.now()
        assert timedelta(hours=23) < held_for <= timedelta(days=1)

        downloads = Downloads()
        for job in downloads.claim(5):
            downloads.run(job)

        here, gone = Attachment.objects.order_by("provider_id")
        assert (here.state, here.mime_type, here.file.read()) == ("ready", "image/png", b"\x89PNG of the shop")
        assert (gone.state, gone.error) == ("failed", "The picture is gone.")


class TestOut:
    def test_an_answer_leaves_on_the_number_it_came_in_on(self, answer: Answer) -> None:
        message_id = answer("Until noon.")
        assert relay_turn() == [message_id]
        assert sms_channel.sent == [(SHOP, PHONE, "Until noon.")]
        assert status_of(message_id) == "sent"

    def test_and_moves_with_the_customer(self, answer: Answer, provider: Says) -> None:
        provider("in-2", text="And you there?", to=OFFICE)
        answer("Until noon.")
        relay_turn()
        assert sms_channel.sent == [(OFFICE, PHONE, "Until noon.")]

    def test_one_after_the_other_and_again_after_a_failure(self, answer: Answer) -> None:
        first, second = answer("1"), answer("2")
        sms_channel.outcomes.extend([Retry(), Retry()])
        assert relay_turn() == [first]
        assert (status_of(first), sms_channel.sent) == ("queued", [])
        assert [relay_turn(), relay_turn(), relay_turn(), relay_turn()] == [[first], [first], [second], []]
        assert [text for *_, text in sms_channel.sent] == ["1", "2"]

    def test_refused_for_good(self, answer: Answer, as_owner: APIClient) -> None:
        message_id = answer("Hello")
        sms_channel.outcomes.append(Rejected("barred", "The number is barred"))
        relay_turn()
        shown = as_owner.get(f"/api/messages/{message_id}/").json()
        assert (shown["status"], shown["error"]["code"]) == ("failed", "barred")
        assert as_owner.post(f"/api/messages/{message_id}/retry/").status_code == 200
        assert relay_turn() == [message_id]
        assert status_of(message_id) == "sent"

    def test_statuses_move_it_forward(self, answer: Answer, provider: Says) -> None:
        message_id = answer("Until noon.")
        relay_turn()
        for status, then in (("delivered", "delivered"), ("sent", "delivered"), ("failed", "delivered")):
            assert provider(f"sms-{message_id}", status=status, **{"from": SHOP}) == 200
            assert status_of(message_id) == then

    def test_what_it_does_not_take_is_refused_at_once(self, answer: Answer, as_owner: APIClient) -> None:
        body = {"customer": Customer.objects.get().pk, "text": "a" * 161}
        response = as_owner.post("/api/messages/", body)
        assert (response.status_code, list(response.json())) == (400, ["text"])
        assert not Message.objects.filter(direction="outbound").exists()

    def test_without_a_service_window(self, provider: Says, as_owner: APIClient) -> None:
        provider("in-1", text="Hello", ago=timedelta(days=3))
        (row,) = as_owner.get("/api/customers/").json()["results"]
        assert row["window_expires_at"] is None
        assert as_owner.post("/api/messages/", {"customer": row["id"], "text": "Hello"}).status_code == 201
        assert len(relay_turn()) == 1
        assert len(sms_channel.sent) == 1

    def test_at_its_own_pace(self, as_owner: APIClient, provider: Says, settings: Any) -> None:
        settings.WHATSAPP_MESSAGES_PER_SECOND = 1
        for n in range(7):
            provider(f"in-{n}", text="Hello", **{"from": f"+9477000000{n}"})
        for customer in Customer.objects.all():
            as_owner.post("/api/messages/", {"customer": customer.pk, "text": "Hello"})
        assert len(relay_turn()) == sms_channel.Sms.messages_per_second() == 5


class TestTakenOut:
    """The line in CHANNELS is gone again, and messages of the channel are still queued."""

    @pytest.fixture
    def queued(self, answer: Answer, settings: Any) -> int:
        message_id = answer("Until noon.")
        settings.CHANNELS = {"whatsapp": settings.CHANNELS["whatsapp"]}
        return message_id

    def test_its_queue_waits_and_holds_nobody_up(self, queued: int, owner: User) -> None:
        customer = Customer.objects.create(first_name="John", owner=owner)
        number = BusinessNumber.objects.create(transport="whatsapp", external_id="1")
        message = Message.objects.create(
            customer=customer, business_number=number, direction="outbound", status="queued", type="template"
        )
        assert relay_turn() == [message.pk]
        assert (status_of(queued), sms_channel.sent) == ("queued", [])

    def test_nothing_is_queued_for_it(self, queued: int, as_owner: APIClient) -> None:
        body = {"customer": Customer.objects.get().pk, "text": "Hello"}
        response = as_owner.post("/api/messages/", body)
        assert (response.status_code, response.json()["code"]) == (409, "number_cannot_send")
        assert Message.objects.filter(direction="outbound").count() == 1

    def test_the_relay_settles_the_others(self, queued: int) -> None:
        for number in BusinessNumber.objects.all():
            halt(number, "token", "the old one")
        resume_with_new_access()
        assert BusinessNumber.objects.get().paused_until == UNTIL_RESUMED

    def test_its_pictures_wait(self, provider: Says, settings: Any) -> None:
        provider("in-1", picture="p1")
        settings.CHANNELS = {"whatsapp": settings.CHANNELS["whatsapp"]}
        downloads = Downloads()
        for job in downloads.claim(5):
            downloads.run(job)
        attachment = Attachment.objects.get()
        assert (attachment.state, attachment.error) == ("pending", "The channel of this message is not set up.")
