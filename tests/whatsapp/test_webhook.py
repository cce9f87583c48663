"""The webhook endpoint: who may post, and what is kept whatever was posted."""

import hashlib
import hmac
import json
import logging
import time
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from customers.models import Customer
from messaging.models import BusinessNumber, Conversation, Message, StatusUpdate
from tests.webhooks import PHONE_NUMBER_ID, change, drain, envelope, says, status, text
from whatsapp.models import WebhookEvent, WebhookState
from whatsapp.payload.elements import IncomingMessage
from whatsapp.payload.envelope import parse
from whatsapp.webhook import handlers, queue, signature

pytestmark = pytest.mark.django_db


def test_a_text_becomes_a_message_of_a_customer(post: Any) -> None:
    answer = post(says(text("wamid.1", "Hi there"), contacts=[{"wa_id": "94771234567", "profile": {"name": "Jo Doe"}}]))
    assert answer.status_code == 200
    message = Message.objects.get()
    assert (message.wamid, message.text, message.direction, message.status) == (
        "wamid.1",
        "Hi there",
        "inbound",
        "received",
    )
    assert message.created_at.timestamp() == 1763700000
    customer = message.customer
    assert (customer.phone, customer.first_name, customer.last_name, customer.source) == (
        "+94771234567",
        "Jo",
        "Doe",
        "whatsapp",
    )
    assert Conversation.objects.get().unread_count == 1
    event = WebhookEvent.objects.get()
    assert (event.state, event.error, event.elements, event.claim_token) == ("done", "", 1, None)
    assert list(event.customers.all()) == [customer]


class TestVerification:
    @pytest.fixture(autouse=True)
    def _token(self, settings: Any) -> None:
        settings.WHATSAPP_VERIFY_TOKEN = "very-ünusual"

    def ask(self, client: Client, **query: str) -> Any:
        asked = {"hub.mode": "subscribe", "hub.verify_token": "very-ünusual", "hub.challenge": "11582"}
        return client.get("/api/webhook/", {**asked, **{f"hub.{name}": value for name, value in query.items()}})

    def test_it_answers_the_challenge(self, client: Client) -> None:
        answer = self.ask(client)
        assert (answer.status_code, answer.content) == (200, b"11582")
        assert answer["Content-Type"].startswith("text/plain")

    def test_whatever_is_accepted(self, client: Client) -> None:
        asked = {"hub.mode": "subscribe", "hub.verify_token": "very-ünusual", "hub.challenge": "11582"}
        assert client.get("/api/webhook/", asked, HTTP_ACCEPT="text/plain").content == b"11582"

    @pytest.mark.parametrize("query", [{"mode": "unsubscribe"}, {"verify_token": "very"}, {"verify_token": ""}])
    def test_it_refuses(self, client: Client, query: dict[str, str]) -> None:
        answer = self.ask(client, **query)
        assert answer.status_code == 403
        assert b"11582" not in answer.content

    def test_an_empty_token_matches_nothing(self, client: Client, settings: Any) -> None:
        settings.WHATSAPP_VERIFY_TOKEN = ""
        assert self.ask(client, verify_token="").status_code == 403


BODY = json.dumps(says(text("wamid.signed"))).encode()
SECRET = "app-secret"


def digest(body: bytes = BODY, secret: str = SECRET, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


class TestSignature:
    @pytest.fixture(autouse=True)
    def _secrets(self, settings: Any) -> None:
        settings.WHATSAPP_APP_SECRETS = [SECRET, "the-next-one"]

    @pytest.mark.parametrize("secret", [SECRET, "the-next-one"])
    def test_every_configured_secret_signs(self, post: Any, secret: str) -> None:
        assert post(BODY, f"sha256={digest(secret=secret)}").status_code == 200
        assert Message.objects.count() == 1

    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "sha256=",
            digest(),
            f"sha256={digest()[:-1]}",
            f"sha256={digest()}0",
            f"sha256={digest().upper()}",
            f"SHA256={digest()}",
            f"sha1={digest(algorithm='sha1')}",
            f"sha256={digest(algorithm='sha1')}",
            f"sha256={digest(secret='another-app')}",
            f"sha256={digest(secret='')}",
            f"sha256={digest(body=BODY + b' ')}",
            f"sha256={digest(body=json.dumps(json.loads(BODY), separators=(',', ':')).encode())}",
            f"sha256={digest()},sha256={digest()}",
            f" sha256={digest()}\n",
            "sha256=" + "é" * 64,
            "sha256=" + "٣" * 64,
            "sha256=" + "0" * 64,
        ],
    )
    def test_nothing_else_does(self, post: Any, header: str | None, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        answer = post(BODY, header)
        assert answer.status_code == 401
        assert answer.json() == {"detail": "The signature is missing or wrong.", "code": "bad_signature"}
        assert not WebhookEvent.objects.exists()
        assert not Message.objects.exists()
        assert digest() not in caplog.text + answer.content.decode()

    def test_without_any_secret_nobody_is_believed(self, post: Any, settings: Any) -> None:
        settings.WHATSAPP_APP_SECRETS = []
        settings.WHATSAPP_SANDBOX = False
        assert post(BODY, f"sha256={digest(secret='')}").status_code == 401

    def test_one_changed_byte_is_noticed(self, post: Any) -> None:
        assert post(BODY.replace(b"Hello", b"Hullo"), f"sha256={digest()}").status_code == 401


class TestBatches:
    def test_every_element_of_a_batch_is_handled_and_poison_fails_alone(self, post: Any) -> None:
        poison = [
            {key: value for key, value in text("wamid.nobody").items() if key != "from"},
            {**text("wamid.whose"), "from": "me"},
            {key: value for key, value in text("wamid.none").items() if key != "id"},
            "not even an object",
        ]
        entries = []
        for i in range(10):
            changes = []
            for j in range(10):
                messages: list[Any] = [
                    text(f"wamid.{i}.{j}.{k}", wa_id=f"9477{k:07d}", at=1763700000 + k) for k in range(5)
                ]
                if i == 4 and j == 7:
                    messages[2:2] = poison
                changes.append(change(messages=messages, statuses=[status(f"wamid.out.{i}.{j}", "delivered")]))
            entries += envelope(*changes)["entry"]
        answer = post({**envelope(), "entry": entries})
        assert answer.status_code == 200
        drain()
        assert Message.objects.count() == 500
        assert StatusUpdate.objects.count() == 100
        assert Customer.objects.count() == 5
        event = WebhookEvent.objects.get()
        assert (event.state, event.elements, event.attempts) == ("failed", 604, WebhookEvent.MAX_ATTEMPTS)
        assert event.error.count("\n") == 3
        assert "entry[4].changes[7].messages[2]: no sender" in event.error
        assert "entry[4].changes[7].messages[4]: id is missing" in event.error
        assert json.loads(bytes(event.body))["entry"][4]["changes"][7]["value"]["messages"][2]["id"] == "wamid.nobody"

    def test_redeliveries_change_nothing(self, post: Any) -> None:
        body = says(text("wamid.a"), text("wamid.b"), text("wamid.a"))
        for _ in range(5):
            assert post(body).status_code == 200
        assert Message.objects.count() == 2
        assert Conversation.objects.get().unread_count == 2
        assert Customer.objects.get().last_seq == Customer.objects.get().events.count()
        assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}

    def test_a_body_of_3_mb_is_taken(self, post: Any) -> None:
        padding = {"field": "padding", "value": {"text": "x" * (3 * 1024 * 1024 - 1000)}}
        body = json.dumps(envelope(padding, change(messages=[text("wamid.big")]))).encode()
        assert 3_140_000 < len(body) <= 3 * 1024 * 1024
        assert post(body).status_code == 200
        assert Message.objects.get().wamid == "wamid.big"

    def test_what_does_not_fit_into_the_time_is_left_to_the_relay(
        self, post: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queue, "REQUEST_SECONDS", -1.0)
        assert post(says(text("wamid.a"), text("wamid.b"))).status_code == 200
        event = WebhookEvent.objects.get()
        assert (event.state, event.lease_until, event.claim_token) == ("pending", None, None)
        assert (event.elements, event.attempts) == (1, 0)
        assert Message.objects.get().wamid == "wamid.a"
        drain()
        event.refresh_from_db()
        assert (event.state, event.elements) == ("done", 2)
        assert Message.objects.count() == 2

    def test_a_long_body_is_handled_in_turns(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "REQUEST_SECONDS", 0.05)
        monkeypatch.setattr(queue, "TURN_SECONDS", 0.5)  # a busy machine gets somewhere in that, too
        assert post(says(*(text(f"wamid.{n}") for n in range(200)))).status_code == 200
        assert 0 < WebhookEvent.objects.get().elements < 200
        drain()
        event = WebhookEvent.objects.get()
        assert (event.state, event.elements) == ("done", 200)
        assert event.attempts <= 2, "a turn that got somewhere costs no try"
        assert Message.objects.count() == 200

    def test_every_turn_gets_somewhere(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """However long the body takes to be read."""
        monkeypatch.setattr(queue, "REQUEST_SECONDS", -1.0)
        monkeypatch.setattr(queue, "TURN_SECONDS", -1.0)
        post(says(*(text(f"wamid.{n}") for n in range(12))))
        assert drain() == 11
        event = WebhookEvent.objects.get()
        assert (event.state, event.elements, Message.objects.count()) == ("done", 12, 12)

    def test_people_are_not_looked_for_one_by_one(self) -> None:
        """4,000 of them in one change: looked through for each message, that is 8 million comparisons."""
        people = range(4000)
        contacts = [{"wa_id": f"94{n:09d}", "profile": {"name": f"Jo {n}"}} for n in people]
        messages = [text(f"wamid.{n}", wa_id=f"94{n:09d}") for n in people]
        body = json.dumps(says(*messages, contacts=contacts)).encode()
        started = time.process_time()
        elements = parse(body)
        assert time.process_time() - started < 2
        senders = [element.sender for element in elements if isinstance(element, IncomingMessage)]
        assert [sender.name for sender in senders] == [f"Jo {n}" for n in people]


class TestWhatCannotBeUnderstood:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b'"text"',
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        ],
    )
    def test_malformed_bodies_are_kept_and_left_alone(self, post: Any, body: bytes) -> None:
        assert post(body).status_code == 200
        event = WebhookEvent.objects.get()
        assert bytes(event.body) == body
        assert event.state == "failed"
        assert event.error
        assert queue.WebhookQueue().claim(10) == []

    @pytest.mark.parametrize(
        "body",
        [
            {"object": "page", "entry": [{"changes": [change(messages=[text("wamid.x")])]}]},
            {"object": "whatsapp_business_account"},
            {"object": "whatsapp_business_account", "entry": []},
            envelope({"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}}),
            envelope(change(statuses=[status("wamid.x", "warning")])),
            envelope(change(errors=[{"code": 130429}])),
            envelope(change()),
        ],
    )
    def test_the_unknown_is_acknowledged(self, post: Any, body: dict[str, Any]) -> None:
        assert post(body).status_code == 200
        assert WebhookEvent.objects.get().state == "done"
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        "poison",
        [
            {**text("wamid.p"), "id": "w" * 201},
            {**text("wamid.p"), "id": None},
            {**text("wamid.p"), "id": "\x00"},
            {**text("wamid.p"), "from": "nobody"},
            {**text("wamid.p"), "from": {"wa": "id"}},
            {**text("wamid.p"), "from": True},
            [text("wamid.p")],
            None,
        ],
    )
    def test_a_broken_element_leaves_its_neighbours_alone(self, post: Any, poison: Any) -> None:
        assert post(envelope(change(messages=[text("wamid.1"), poison, text("wamid.2")]))).status_code == 200
        assert set(Message.objects.values_list("wamid", flat=True)) == {"wamid.1", "wamid.2"}
        event = WebhookEvent.objects.get()
        assert event.state == "failed"
        assert event.error.startswith("entry[0].changes[0].messages[1]: ")

    @pytest.mark.parametrize(
        "broken",
        [
            {"object": "whatsapp_business_account", "entry": 7},
            {"object": "whatsapp_business_account", "entry": [None]},
            {"object": "whatsapp_business_account", "entry": [{"changes": "x"}]},
            envelope({"field": "messages", "value": None}),
            envelope({"field": "messages", "value": {"messages": [text("wamid.x")]}}),
            envelope({"field": "messages", "value": {"metadata": 3, "messages": [text("wamid.x")]}}),
        ],
    )
    def test_a_broken_frame_is_kept(self, post: Any, broken: dict[str, Any]) -> None:
        assert post(broken).status_code == 200
        assert WebhookEvent.objects.get().state == "failed"

    def test_huge_numbers_cost_nothing(self, post: Any) -> None:
        raw = json.dumps(says(text("wamid.1"))).replace('"Hello"', '"Hello", "n": 1' + "0" * 5000 + ', "f": 1e999')
        assert post(raw.encode()).status_code == 200
        assert WebhookEvent.objects.get().state == "done"
        assert Message.objects.get().payload["n"] == "1" + "0" * 5000

    def test_nan_is_kept_as_text(self, post: Any) -> None:
        raw = json.dumps(says({**text("wamid.1"), "text": {"body": "x", "n": float("nan")}})).encode()
        assert post(raw).status_code == 200
        assert Message.objects.get().payload["n"] == "NaN"


class TestFailures:
    def test_503_when_it_cannot_be_stored(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(body: bytes) -> None:
            raise OperationalError("database is locked")

        monkeypatch.setattr(queue, "_store", down)
        answer = post(says(text("wamid.1")))
        assert answer.status_code == 503
        assert "again" in answer.json()["detail"]
        assert not Message.objects.exists()

    @pytest.mark.parametrize("error", [OperationalError("gone"), RuntimeError("a bug")])
    def test_an_element_that_fails_is_tried_again(
        self, post: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        real = handlers.receive_message

        def fail_once(**given: Any) -> int | None:
            if given["inbound"].wamid == "wamid.2":
                raise error
            return real(**given)

        monkeypatch.setattr(handlers, "receive_message", fail_once)
        assert post(says(text("wamid.1"), text("wamid.2"), text("wamid.3"))).status_code == 200
        event = WebhookEvent.objects.get()
        assert (event.state, event.attempts, event.lease_until) == ("failed", 1, None)
        assert str(error) in event.error
        assert Message.objects.count() == 2
        assert queue.WebhookQueue().claim(10) == [], "its pause is not over"
        monkeypatch.setattr(handlers, "receive_message", real)
        WebhookEvent.objects.update(not_before=event.received_at)
        drain()
        event.refresh_from_db()
        assert (event.state, event.error) == ("done", "")
        assert Message.objects.count() == 3

    def test_after_eight_tries_it_is_left_to_an_admin(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(**given: Any) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(handlers, "receive_message", fail)
        post(says(text("wamid.1")))
        received_at = WebhookEvent.objects.get().received_at
        tries = 1
        while tries < 20:
            WebhookEvent.objects.update(not_before=received_at)
            if not drain():
                break
            tries += 1
        assert tries == WebhookEvent.MAX_ATTEMPTS
        event = WebhookEvent.objects.get()
        assert (event.state, event.attempts) == (WebhookState.FAILED, 8)

    def test_an_expired_lease_is_taken_over(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "process", lambda event, deadline: None)  # killed after storing
        post(says(text("wamid.1")))
        source = queue.WebhookQueue()
        assert source.claim(10) == [], "the request may still be at it"
        WebhookEvent.objects.update(lease_until=WebhookEvent.objects.get().received_at)
        monkeypatch.undo()
        assert drain() == 1
        assert Message.objects.count() == 1

    def test_starting_alone_frees_every_lease(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "process", lambda event, deadline: None)
        post(says(text("wamid.1")))
        monkeypatch.undo()
        queue.WebhookQueue().settle(everything=False)
        assert queue.WebhookQueue().claim(10) == []
        queue.WebhookQueue().settle(everything=True)
        assert drain() == 1
        assert Message.objects.count() == 1

    def test_what_kills_everybody_who_tries_is_given_up(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "process", lambda event, deadline: None)
        post(says(text("wamid.1")))
        WebhookEvent.objects.update(lease_until=None, attempts=8)
        queue.WebhookQueue().settle(everything=False)
        assert WebhookEvent.objects.get().state == "failed"

    def test_the_loser_of_a_lease_does_not_finish_the_event(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "process", lambda event, deadline: None)
        post(says(text("wamid.1")))
        monkeypatch.undo()
        WebhookEvent.objects.update(lease_until=None)
        (slow,) = queue.WebhookQueue().claim(1)
        WebhookEvent.objects.update(lease_until=None)
        (quick,) = queue.WebhookQueue().claim(1)
        queue.WebhookQueue().run(slow)
        assert WebhookEvent.objects.get().claim_token == quick.token
        queue.WebhookQueue().run(quick)
        assert WebhookEvent.objects.get().state == "done"
        assert Message.objects.count() == 1

    def test_the_loser_of_a_lease_does_not_fail_the_event(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "process", lambda event, deadline: None)
        post(says({**text("wamid.1"), "from": "nobody"}))
        monkeypatch.undo()
        WebhookEvent.objects.update(lease_until=None)
        (slow,) = queue.WebhookQueue().claim(1)
        WebhookEvent.objects.update(state="done", lease_until=None, claim_token=None)
        queue.WebhookQueue().run(slow)
        assert WebhookEvent.objects.get().state == "done"


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put("/api/webhook/").status_code == 405


def test_the_sandbox_secret_is_its_own(settings: Any) -> None:
    assert settings.SECRET_KEY not in signature.secrets()[0]
    assert hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest() != signature.secrets()[0]


def test_sqlite_waits_as_long_as_ever_afterwards(post: Any) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has one writer")
    post(says(text("wamid.1")))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone()[0] == 20_000


@pytest.mark.parametrize("display", ["", PHONE_NUMBER_ID])
def test_a_number_learns_its_phone_from_the_first_webhook(post: Any, display: str) -> None:
    number = BusinessNumber.objects.create(external_id=PHONE_NUMBER_ID, display=display)
    post(says(text("wamid.1")))
    number.refresh_from_db()
    assert number.display == "15550783881"
