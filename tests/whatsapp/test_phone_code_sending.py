"""A code on its way to a phone, against a Graph API that misbehaves."""

import logging
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from core.encryption import encrypt
from customers.actions.registration import register
from customers.models import CodeState, Customer, PhoneCode
from messaging.channels import NotSent
from messaging.models import BusinessNumber, Conversation, Message
from messaging.relay.phone_codes import PhoneCodes
from tests.cast import ClientOf
from tests.graph_double import GraphDouble
from tests.phone_codes import codes_leave
from whatsapp.channel import WhatsApp

pytestmark = pytest.mark.django_db

CODE = "493817"
PATH = "/api/customers/customers/send_phone_code/"
PHONE = "+94771234567"
CODE_TEMPLATE: dict[str, Any] = {
    "name": "sign_in_code",
    "language": "de",
    "category": "AUTHENTICATION",
    "components": [
        {"type": "BODY", "text": "*{{1}}* ist dein Code."},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Kopieren"}]},
    ],
}


@pytest.fixture
def chat(customer: Customer, number: BusinessNumber) -> Conversation:
    """Of whoever has the phone: their window is open."""
    return Conversation.objects.create(customer=customer, business_number=number, last_inbound_at=timezone.now())


@pytest.fixture
def asks(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> APIClient:
    """Somebody who registered with the phone of `customer`. Their code is always the same."""
    monkeypatch.setattr(PhoneCode, "new_code", staticmethod(lambda: CODE))
    jane = register(username="jane", email="jane@example.com", password="SecureP@ssw0rd123!", phone=PHONE)
    assert jane.user is not None
    return client_of(jane.user)


def ask(client: APIClient) -> PhoneCode:
    answer = client.post(PATH)
    assert (answer.status_code, answer.json()) == (
        200,
        {"message": "A code was sent to your phone.", "expires_in": 600},
    )
    return PhoneCode.objects.get()


def codes(graph: GraphDouble) -> list[str]:
    return [body["text"]["body"][:6] for body in graph.bodies]


class TestHowItGoes:
    def test_text_while_the_window_is_open(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        ask(asks)
        assert graph.requests == 0, "the request spoke to nobody"

        assert codes_leave() == 1

        (taken,) = graph.accepted
        assert (taken["body"]["to"], taken["body"]["type"]) == ("94771234567", "text")
        assert codes(graph) == [CODE]
        assert not Message.objects.exists()
        assert (PhoneCode.objects.get().state, codes_leave()) == (CodeState.SENT, 0)

    def test_a_template_when_it_is_closed(self, graph: GraphDouble, asks: APIClient, settings: Any) -> None:
        settings.WHATSAPP_CODE_TEMPLATE = "sign_in_code:de"
        graph.templates["1"] = [CODE_TEMPLATE]

        ask(asks)
        codes_leave()

        (taken,) = graph.accepted
        parameters = [{"type": "text", "text": CODE}]
        assert taken["body"]["template"] == {
            "name": "sign_in_code",
            "language": {"code": "de"},
            "components": [
                {"type": "body", "parameters": parameters},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": parameters},
            ],
        }

    def test_the_window_of_a_phone_that_is_not_trusted_is_somebody_elses(
        self, graph: GraphDouble, chat: Conversation, asks: APIClient
    ) -> None:
        Customer.objects.filter(phone=PHONE).update(phone_trusted=False)

        ask(asks)
        codes_leave()

        assert graph.accepted == []

    def test_a_long_queue_of_messages_is_not_waited_for(
        self, graph: GraphDouble, chat: Conversation, asks: APIClient, customer: Customer, number: BusinessNumber
    ) -> None:
        """Codes have a source of their own, and it is asked first."""
        at = timezone.now() - timedelta(hours=1)
        waiting = {"customer": customer, "business_number": number, "direction": "outbound", "status": "queued"}
        Message.objects.bulk_create(Message(**waiting, text="hello", not_before=at) for _ in range(50))

        ask(asks)
        codes_leave()

        assert codes(graph) == [CODE]


class TestWhatFails:
    def test_no_template_is_answered_as_any_other(
        self, graph: GraphDouble, asks: APIClient, as_admin: APIClient, admin: User, client: Any
    ) -> None:
        """Whether somebody chats from a phone is not told to whoever claims it, but to admins."""
        ask(asks)
        codes_leave()

        failed = PhoneCode.objects.get()
        assert (failed.state, graph.accepted) == (CodeState.FAILED, [])
        assert "WHATSAPP_CODE_TEMPLATE" in failed.error
        client.force_login(admin)
        shown = client.get("/admin/customers/phonecode/").content.decode()
        assert PHONE in shown
        assert "WHATSAPP_CODE_TEMPLATE" in shown
        assert client.get(f"/admin/customers/phonecode/{failed.pk}/change/").status_code == 200

    @pytest.mark.parametrize(
        ("fault", "state"),
        [
            ("drop", CodeState.UNCERTAIN),
            ("take_and_drop", CodeState.UNCERTAIN),
            ("garbage", CodeState.UNCERTAIN),
            ({"kind": "status", "status": 500}, CodeState.QUEUED),
            ({"kind": "throttle", "retry_after": 2}, CodeState.QUEUED),
            ({"kind": "meta", "code": 131056, "message": f"too many {CODE}"}, CodeState.QUEUED),
            ({"kind": "meta", "code": 131026, "details": f"cannot deliver {CODE}"}, CodeState.FAILED),
            ({"kind": "meta", "code": 999999, "message": f"{CODE} refused"}, CodeState.FAILED),
            ({"kind": "meta", "code": 190, "status": 401, "details": f"no {CODE}"}, CodeState.FAILED),
        ],
    )
    def test_it_says_nothing_of_the_code(
        self,
        graph: GraphDouble,
        chat: Conversation,
        asks: APIClient,
        caplog: pytest.LogCaptureFixture,
        fault: Any,
        state: CodeState,
    ) -> None:
        graph.queue(fault)

        with caplog.at_level(logging.DEBUG):
            ask(asks)
            codes_leave()

        row = PhoneCode.objects.get()
        assert (row.state, bool(row.error)) == (state, True)
        assert bool(row.sealed) == (state == CodeState.QUEUED)
        assert CODE not in caplog.text
        assert CODE not in row.error
        assert "phone code of customer" in caplog.text

    def test_what_was_not_taken_is_sent_again(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        graph.queue({"kind": "status", "status": 500})
        ask(asks)
        codes_leave()
        assert codes_leave() == 0, "not at once"
        PhoneCode.objects.update(not_before=timezone.now())

        assert codes_leave() == 1

        assert (codes(graph), PhoneCode.objects.get().sealed) == ([CODE], "")

    def test_nobody_is_reached(
        self, graph: GraphDouble, chat: Conversation, asks: APIClient, connect: Callable[[str], None]
    ) -> None:
        ask(asks)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            connect(f"http://127.0.0.1:{unused.getsockname()[1]}")
            codes_leave()
        connect(graph.url)
        PhoneCode.objects.update(not_before=timezone.now())

        assert (codes_leave(), codes(graph)) == (1, [CODE])

    def test_what_may_have_been_taken_is_not(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        graph.queue("take_and_drop")
        ask(asks)
        codes_leave()
        PhoneCode.objects.update(not_before=timezone.now())

        assert (codes_leave(), len(graph.accepted)) == (0, 1)
        assert ask(asks).state == CodeState.QUEUED, "but another can be asked for"
        assert (codes_leave(), len(graph.accepted)) == (1, 2)

    @pytest.mark.parametrize("failure", [OperationalError("too many connections"), NotSent()])
    def test_the_database_fails_before_it_leaves(
        self,
        graph: GraphDouble,
        chat: Conversation,
        asks: APIClient,
        monkeypatch: pytest.MonkeyPatch,
        failure: Exception,
    ) -> None:
        def out_of_reach(**_: Any) -> None:
            raise failure

        ask(asks)
        with monkeypatch.context() as patched:
            patched.setattr(WhatsApp, "send_phone_code", staticmethod(out_of_reach))
            codes_leave()
        PhoneCode.objects.update(not_before=timezone.now())

        assert (codes_leave(), codes(graph)) == (1, [CODE])


def test_it_is_wiped_before_it_leaves(
    graph: GraphDouble, chat: Conversation, asks: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens while it is on its way, nothing can send it again."""
    stored: list[tuple[str, str]] = []

    def send(**_: Any) -> None:
        stored.extend(PhoneCode.objects.values_list("state", "sealed"))

    ask(asks)
    monkeypatch.setattr(WhatsApp, "send_phone_code", staticmethod(send))
    codes_leave()

    assert stored == [(CodeState.SENDING, "")]


class TestExpired:
    def test_it_is_never_sent_and_is_wiped(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        assert ask(asks).sealed
        PhoneCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        assert codes_leave() == 0

        row = PhoneCode.objects.get()
        assert (row.state, row.sealed, graph.requests) == (CodeState.FAILED, "", 0)

    def test_after_it_was_claimed(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        ask(asks)
        source = PhoneCodes()
        (job,) = source.claim(4)
        expired = timezone.now() - timedelta(seconds=1)
        PhoneCode.objects.update(expires_at=expired)
        job.row.expires_at = expired

        source.run(job)

        row = PhoneCode.objects.get()
        assert (row.state, row.sealed, graph.requests) == (CodeState.FAILED, "", 0)

    def test_no_try_is_left_before_it_expires(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        graph.queue({"kind": "throttle", "retry_after": 3600})
        ask(asks)

        codes_leave()

        row = PhoneCode.objects.get()
        assert (row.state, row.sealed) == (CodeState.FAILED, "")


class TestCrashes:
    def test_before_it_leaves(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        ask(asks)
        PhoneCodes().claim(4)
        PhoneCode.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

        assert (codes_leave(), codes(graph)) == (1, [CODE])

    def test_before_it_leaves_and_the_only_relay_starts_again(
        self, graph: GraphDouble, chat: Conversation, asks: APIClient
    ) -> None:
        ask(asks)
        PhoneCodes().claim(4)
        assert codes_leave() == 0, "claimed by a relay that may still live"

        PhoneCodes().settle(everything=True)

        assert (codes_leave(), codes(graph)) == (1, [CODE])

    def test_while_it_leaves(self, graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
        """Nobody knows whether it arrived, so it is not sent a second time."""
        ask(asks)
        (job,) = PhoneCodes().claim(4)
        PhoneCode.objects.update(state=CodeState.SENDING, sealed="", lease_until=timezone.now() - timedelta(seconds=1))

        assert codes_leave() == 0

        assert (PhoneCode.objects.get().state, graph.requests) == (CodeState.UNCERTAIN, 0)
        assert job.row.unsealed == CODE

    def test_a_worker_that_was_suspended_sends_nothing(
        self, graph: GraphDouble, chat: Conversation, asks: APIClient
    ) -> None:
        ask(asks)
        source = PhoneCodes()
        (job,) = source.claim(4)
        PhoneCode.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert codes_leave() == 1

        source.run(job)

        assert codes(graph) == [CODE]

    def test_another_code_was_asked_for_meanwhile(
        self, graph: GraphDouble, chat: Conversation, asks: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(asks)
        source = PhoneCodes()
        (job,) = source.claim(4)
        monkeypatch.setattr(PhoneCode, "new_code", staticmethod(lambda: "111111"))
        ask(asks)

        source.run(job)
        codes_leave()

        assert codes(graph) == ["111111"]


def test_the_keys_have_changed(graph: GraphDouble, chat: Conversation, asks: APIClient, settings: Any) -> None:
    ask(asks)
    settings.SECRET_KEY = "another"
    codes_leave()

    row = PhoneCode.objects.get()
    assert (row.state, row.sealed, graph.requests) == (CodeState.FAILED, "", 0)


def test_it_is_not_readable_while_it_waits(asks: APIClient) -> None:
    row = ask(asks)

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {PhoneCode._meta.db_table}")
        assert CODE not in str(cursor.fetchall())
    assert row.unsealed == CODE
    assert encrypt(CODE) != row.sealed


@pytest.mark.django_db(transaction=True)
def test_two_relays_send_one_code(graph: GraphDouble, chat: Conversation, asks: APIClient) -> None:
    ask(asks)

    def relay() -> None:
        codes_leave()
        connection.close()

    relays = [threading.Thread(target=relay) for _ in range(4)]
    for one in relays:
        one.start()
    for one in relays:
        one.join()

    assert codes(graph) == [CODE]
