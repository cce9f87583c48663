"""What is checked again when a message is sent, how fast a number sends, and receipts for customers."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role, User
from messaging.actions import number_pauses
from messaging.actions.number_pauses import UNTIL_RESUMED
from messaging.channels import Halted, Retry
from messaging.models import BusinessNumber, Conversation, Message, Receipt
from messaging.relay.outbox import Outbox
from messaging.relay.receipts import Receipts
from messaging.relay.send_checks import still_allowed
from tests.messaging.steps import make_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(as_owner: Any, customer: Any, says: Any) -> Any:
    says(customer, wamid="wamid.asked")

    def queue(to: Any = customer, client: Any = as_owner) -> int:
        response = client.post("/api/messages/", {"customer": to.pk, "text": "hi"})
        assert response.status_code == 201, response.json()
        pk: int = response.json()["id"]
        return pk

    return queue


@pytest.fixture
def two_queued(send: Any, customer: Any, says: Any) -> None:
    """One message to each of two customers, sent at the same time."""
    other = type(customer).objects.create(first_name="Other", owner=customer.owner)
    says(other)
    send()
    send(to=other)


def message(pk: int) -> Message:
    found: Message = Message.objects.get(pk=pk)
    return found


class TestAskedAgain:
    def test_a_sender_who_was_deactivated(self, send: Any, transport: Any, relay_turn: Any, owner: User) -> None:
        pk = send()
        User.objects.filter(pk=owner.pk).update(is_active=False)
        relay_turn()
        assert (message(pk).status, message(pk).error["code"]) == ("failed", "sender_inactive")
        assert message(pk).error["retryable"] is True
        assert transport.sent == []

    def test_a_sender_whose_customer_was_handed_over(
        self, send: Any, transport: Any, relay_turn: Any, customer: Any, stranger: User, as_stranger: Any
    ) -> None:
        pk = send()
        type(customer).objects.filter(pk=customer.pk).update(owner=stranger)
        relay_turn()
        assert (message(pk).status, message(pk).error["code"]) == ("failed", "sender_not_owner")
        assert transport.sent == []
        assert as_stranger.post(f"/api/messages/{pk}/retry/").status_code == 200
        relay_turn()
        assert message(pk).status == "sent", "who sends it again answers for it"

    def test_an_admin_sends_to_anybody(self, send: Any, transport: Any, relay_turn: Any, as_admin: Any) -> None:
        pk = send(client=as_admin)
        relay_turn()
        assert message(pk).status == "sent"

    def test_an_admin_who_became_sales(
        self, send: Any, transport: Any, relay_turn: Any, as_admin: Any, admin: User
    ) -> None:
        pk = send(client=as_admin)
        User.objects.filter(pk=admin.pk).update(role=Role.SALES)
        relay_turn()
        assert message(pk).error["code"] == "sender_not_owner"

    def test_a_text_costs_no_more_queries(
        self, send: Any, transport: Any, django_assert_num_queries: Any, settings: Any
    ) -> None:
        held = Message.objects.select_related("business_number", "customer", "sender", "retried_by").get(pk=send())
        settings.WHATSAPP_SANDBOX = False  # asking WhatsApp would look for the number's token
        with django_assert_num_queries(1):  # the window
            still_allowed(held)


class TestHalted:
    def test_nothing_is_sent_until_there_is_another_access(
        self, send: Any, transport: Any, relay_turn: Any, number: BusinessNumber
    ) -> None:
        pk = send()
        transport.outcomes = [Halted("the token is gone")]
        relay_turn()
        number.refresh_from_db()
        assert (number.paused_until, number.reason) == (UNTIL_RESUMED, "the token is gone")
        assert (message(pk).status, message(pk).attempts) == ("queued", 0)
        Outbox().settle(everything=False)
        assert relay_turn() == 0
        transport.access = "token-2"
        Outbox().settle(everything=False)
        assert relay_turn() == 1
        assert message(pk).status == "sent"

    def test_throttling_does_not_end_it(self, two_queued: None, transport: Any, relay_turn: Any) -> None:
        transport.outcomes = [Halted("policy"), Retry(scope="number")]
        relay_turn()
        assert BusinessNumber.objects.get().paused_until == UNTIL_RESUMED


class TestThrottled:
    def test_messages_throttled_at_the_same_time_count_once(
        self, send: Any, transport: Any, relay_turn: Any, customer: Any, says: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(number_pauses, "FIRST_PAUSE", 30.0)  # a busy machine does not outlast it
        for n in range(8):
            one = type(customer).objects.create(first_name=str(n), owner=customer.owner)
            says(one)
            send(to=one)
        transport.outcomes = [Retry(scope="number") for _ in range(8)]
        assert relay_turn() == 8
        number = BusinessNumber.objects.get()
        assert (number.throttled, number.paused_until < timezone.now() + timedelta(seconds=31)) == (1, True)

    def test_the_provider_can_prolong_a_pause(self, two_queued: None, transport: Any, relay_turn: Any) -> None:
        transport.outcomes = [Retry(scope="number", code=130429), Retry(scope="number", code=131057, after=180)]
        relay_turn()
        number = BusinessNumber.objects.get()
        assert number.paused_until > timezone.now() + timedelta(seconds=170)
        assert (number.throttled, "131057" in number.reason) == (1, True)

    def test_it_may_go_on_for_weeks(self, send: Any, transport: Any, relay_turn: Any) -> None:
        pk = send()
        BusinessNumber.objects.update(throttled=2000)
        transport.outcomes = [Retry(scope="number")]
        relay_turn()
        assert message(pk).status == "queued"
        pause = BusinessNumber.objects.get().paused_until - timezone.now()
        assert timedelta(seconds=55) < pause <= timedelta(seconds=60)


class TestPace:
    def test_a_number_sends_no_more_in_a_second_than_the_setting_says(
        self, send: Any, transport: Any, customer: Any, says: Any, settings: Any
    ) -> None:
        settings.WHATSAPP_MESSAGES_PER_SECOND = 2
        for n in range(5):
            one = type(customer).objects.create(first_name=str(n), owner=customer.owner)
            says(one)
            send(to=one)
        source = Outbox()
        assert len(source.claim(10)) == 2
        assert source.claim(10) == []
        assert Message.objects.filter(status="queued").count() == 3
        time.sleep(1.05)
        assert len(source.claim(10)) == 2

    def test_there_may_be_no_limit(self, send: Any, transport: Any, settings: Any, customer: Any, says: Any) -> None:
        settings.WHATSAPP_MESSAGES_PER_SECOND = 0
        send()
        assert len(Outbox().claim(10)) == 1

    def test_a_file_is_tried_a_few_times_only(self, send: Any, transport: Any, relay_turn: Any) -> None:
        pk = send()
        transport.outcomes = [Retry(tries=3, code=131053) for _ in range(5)]
        for _ in range(5):
            relay_turn()
            make_due(pk)
        assert (message(pk).status, message(pk).attempts) == ("failed", 3)


class TestReadReceipts:
    def turn(self) -> None:
        source = Receipts()
        for job in source.claim(10):
            source.run(job)

    def test_on_reply(self, send: Any, transport: Any, as_owner: Any, customer: Any, says: Any) -> None:
        as_owner.post(f"/api/customers/{customer.pk}/read/")
        self.turn()
        assert transport.shown == []
        says(customer, wamid="wamid.newest")
        send()
        self.turn()
        assert transport.shown == [("wamid.newest", False)]
        send()
        self.turn()
        assert len(transport.shown) == 1, "it was shown already"

    def test_on_read(self, send: Any, transport: Any, as_owner: Any, customer: Any, settings: Any) -> None:
        settings.WHATSAPP_READ_RECEIPTS = "on_read"
        as_owner.post(f"/api/customers/{customer.pk}/read/")
        self.turn()
        assert transport.shown == [("wamid.asked", False)]

    def test_off(self, send: Any, transport: Any, as_owner: Any, customer: Any, settings: Any) -> None:
        settings.WHATSAPP_READ_RECEIPTS = "off"
        as_owner.post(f"/api/customers/{customer.pk}/read/")
        send()
        self.turn()
        assert transport.shown == []
        assert not Receipt.objects.exists()

    def test_one_that_fails_is_tried_again_and_dropped(
        self, send: Any, transport: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pk = send()

        def fail(wamid: str, *, typing: bool) -> None:
            transport.shown.append((wamid, typing))
            raise OSError("no net")

        monkeypatch.setattr(transport, "show_read", fail)
        for _ in range(6):
            self.turn()
            Receipt.objects.update(not_before=timezone.now())
        assert len(transport.shown) == 3
        assert not Receipt.objects.get().due
        assert message(pk).status == "queued", "messages have nothing to do with it"

    def test_nothing_for_messages_that_are_too_old(self, send: Any, transport: Any) -> None:
        Message.objects.filter(direction="inbound").update(created_at=timezone.now() - timedelta(days=30))
        send()
        self.turn()
        assert transport.shown == []


def test_typing_is_shown_to_the_customer(
    transactional_db: None, open_socket: Any, token_of: Any, owner: User, customer: Any, says: Any, transport: Any
) -> None:
    says(customer, wamid="wamid.asked")
    socket = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
    socket.read_type("ready")
    for _ in range(3):
        socket.say(type="typing", is_typing=True)
    socket.say(type="ping")
    socket.read_type("pong")
    receipt = Receipt.objects.get(customer=customer)
    assert (receipt.due, receipt.typing) == (True, True)
    source = Receipts()
    for job in source.claim(5):
        source.run(job)
    assert transport.shown == [("wamid.asked", True)]
    assert Conversation.objects.get(customer=customer).unread_count == 1
