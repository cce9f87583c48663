"""Patter without Meta: the sandbox answers, and `whatsapp_say` writes."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from messaging.channels import Rejected, transport_for
from messaging.models import BusinessNumber, Direction, Message, Status
from messaging.relay.outbox import Outbox
from tests.webhooks import says, text
from whatsapp.channel import courier
from whatsapp.models import Identity, WebhookEvent
from whatsapp.sandbox import transport as sandbox


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A Patter on loopback that answers every POST with this status; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_is_soon_read(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "PACE", {"sent": 0.05, "delivered": 0.1, "read": 0.15})
    post(says({**text("wamid.in"), "timestamp": str(int(time.time()))}))
    message = Message.objects.create(
        customer=Customer.objects.get(),
        business_number=BusinessNumber.objects.get(),
        direction=Direction.OUTBOUND,
        text="Hello to you",
        status=Status.QUEUED,
    )
    outbox = Outbox()
    for job in outbox.claim(10):
        outbox.run(job)
    assert courier.drain()
    message.refresh_from_db()
    assert (message.status, message.error) == ("read", None)
    assert message.wamid
    assert message.wamid.startswith("wamid.")
    assert message.sent_at
    assert message.read_at
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}
    assert WebhookEvent.objects.count() == 4, "the statuses came through the webhook"


@pytest.mark.django_db(transaction=True)
def test_statuses_that_come_before_the_answer_is_written(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "PACE", {"sent": 0, "delivered": 0, "read": 0})
    post(says({**text("wamid.in"), "timestamp": str(int(time.time()))}))
    customer, number = Customer.objects.get(), BusinessNumber.objects.get()
    message = Message.objects.create(
        customer=customer, business_number=number, direction="outbound", text="x", status=Status.QUEUED
    )
    outbox = Outbox()
    (job,) = outbox.claim(1)
    real = transport_for(number).send
    monkeypatch.setattr(sandbox.SandboxTransport, "send", lambda self, m, file: (real(m, file), courier.drain())[0])
    outbox.run(job)
    message.refresh_from_db()
    assert message.status == "read"


@pytest.mark.django_db
def test_nobody_to_send_to(customer: Customer, number: BusinessNumber) -> None:
    customer.phone = None
    message = Message(customer=customer, business_number=number, text="x", pk=1)
    with pytest.raises(Rejected):
        transport_for(number).send(message)


@pytest.mark.django_db(transaction=True)
class TestWhatsappSay:
    def say(self, url: str, *words: str) -> str:
        out = StringIO()
        call_command("whatsapp_say", *words, url=url, stdout=out)
        return out.getvalue()

    def test_it_writes_as_a_customer(self, live_server: Any) -> None:
        shown = self.say(live_server.url, "+94 77-123 4567", "Is it blue?", "--name", "Jo Doe")
        assert '+94771234567 said "Is it blue?" to Patter.' in shown
        message = Message.objects.get()
        assert (message.text, message.customer.name, message.customer.phone) == (
            "Is it blue?",
            "Jo Doe",
            "+94771234567",
        )
        identity = Identity.objects.get()
        assert identity.wa_id == "94771234567"
        assert re.fullmatch(r"LK\.\d{16}", identity.user_id or "")
        self.say(live_server.url, "0771234567", "Hello?")
        assert Customer.objects.count() == 1
        assert Message.objects.count() == 2

    @pytest.mark.parametrize(("status", "reason"), [(401, "SECRET_KEY"), (503, "answered 503")])
    def test_it_says_when_patter_refuses(self, status: int, reason: str) -> None:
        with answering(status) as url, pytest.raises(CommandError, match=reason):
            self.say(url, "+94771234567", "x")

    def test_it_says_when_nobody_is_there(self) -> None:
        with pytest.raises(CommandError, match="make run"):
            self.say("http://127.0.0.1:9", "+94771234567", "x")

    def test_it_says_when_the_number_is_none(self) -> None:
        with pytest.raises(CommandError, match="phone number"):
            self.say("http://127.0.0.1:9", "nonsense", "x")
