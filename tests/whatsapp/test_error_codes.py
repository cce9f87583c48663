"""Every error code of Meta's: what class it is, plain words and a hint, and what it changes beyond its message."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from contacts.models import Contact
from customers.models import Customer
from messaging.actions.number_pauses import UNTIL_RESUMED, resume
from messaging.channels import window_expires_at
from messaging.models import Attachment, BusinessNumber, Conversation, Message
from messaging.relay.outbox import Outbox
from tests.graph_double import GraphDouble
from tests.webhooks import change, drain, envelope, says, status, text
from whatsapp.graph.errors import Policy, describe
from whatsapp.models import Identity, Template, WebhookEvent

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = (ROOT / "docs" / "whatsapp.md").read_text().partition("## Error codes")[2]


def documented() -> Iterator[tuple[int, Policy, bool]]:
    """Each code of the table in docs/whatsapp.md: its class, and whether a person may try again."""
    for codes, policy, by_hand in re.findall(r"^\| ([\d, -]+) \| (\w+) \| (yes|no) \|", DOCUMENTED, re.MULTILINE):
        for part in codes.split(", "):
            first, _, last = part.partition("-")
            for code in range(int(first), int(last or first) + 1):
                yield code, Policy(policy), by_hand == "yes"


def window_of(chat: Customer) -> datetime:
    """When the service window of a chat closes."""
    conversation = Conversation.objects.get(customer=chat)
    expires_at = window_expires_at(conversation.business_number.transport, conversation.last_inbound_at)
    assert expires_at is not None
    return expires_at


def test_the_documented_codes_are_those_known() -> None:
    known = {code for code in range(150_000) if describe(code, "Meta's title").title != "Meta's title"}
    assert known == {code for code, _, _ in documented()}


@pytest.mark.parametrize(("code", "policy", "retryable"), list(documented()))
def test_each_code(code: int, policy: Policy, retryable: bool) -> None:
    known = describe(code, "Meta's title", "")
    assert (known.code, known.policy, known.retryable) == (code, policy, retryable)
    assert known.title != "Meta's title", "plain words of our own"
    hint = describe(code, known.title, "").detail
    assert hint, "something to do about it"
    assert describe(code, known.title, "Param x is wrong").detail.startswith("Param x is wrong. ")


@pytest.fixture
def chat(post: Any, graph: GraphDouble) -> Customer:
    post(says(text("wamid.1", at=int(time.time()))))
    return Message.objects.get(wamid="wamid.1").customer


@pytest.fixture
def refuse(graph: GraphDouble, as_admin: Any, chat: Customer) -> Any:
    def send(code: int) -> Message:
        pk = as_admin.post("/api/messages/", {"customer": chat.pk, "text": "hi"}).json()["id"]
        graph.queue({"kind": "meta", "code": code})
        source = Outbox()
        for job in source.claim(5):
            source.run(job)
        found: Message = Message.objects.get(pk=pk)
        return found

    return send


def test_131047_closes_the_window(refuse: Any, as_admin: Any, chat: Customer) -> None:
    assert refuse(131047).status == "failed"
    assert window_of(chat) <= timezone.now()
    response = as_admin.post("/api/messages/", {"customer": chat.pk, "text": "again"})
    assert (response.status_code, response.json()["code"]) == (409, "outside_service_window")


def test_131047_is_not_believed_of_one_who_wrote_since(refuse: Any, as_admin: Any, chat: Customer, post: Any) -> None:
    Conversation.objects.filter(customer=chat).update(last_inbound_at=timezone.now() + timedelta(seconds=30))
    refuse(131047)
    assert window_of(chat) > timezone.now()


@pytest.mark.parametrize("later", [False, True], ids=["as the answer", "as a status"])
def test_131047_of_a_contact_says_nothing_of_the_customer(
    graph: GraphDouble, as_admin: Any, chat: Customer, post: Any, later: bool
) -> None:
    fields = {"email": "c@example.com", "wa_number": "+94112223334", "tp_number": "+94112345678"}
    contact = Contact.objects.create(customer=chat, **fields)
    body = {"customer": chat.pk, "text": "hi", "to_contact": contact.pk}
    pk = as_admin.post("/api/messages/", body).json()["id"]
    if not later:
        graph.queue({"kind": "meta", "code": 131047})
    source = Outbox()
    for job in source.claim(5):
        source.run(job)
    if later:
        post(failed(Message.objects.get(pk=pk), 131047))
    assert Message.objects.get(pk=pk).error["code"] == 131047
    assert window_of(chat) > timezone.now()


def test_131047_of_one_number_says_nothing_of_another(
    graph: GraphDouble, as_admin: Any, chat: Customer, post: Any
) -> None:
    elsewhere = says(text("wamid.2", at=int(time.time())))
    elsewhere["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    post(elsewhere)
    asked = Message.objects.get(wamid="wamid.1").pk
    pk = as_admin.post("/api/messages/", {"customer": chat.pk, "text": "hi", "reply_to": asked}).json()["id"]
    graph.queue({"kind": "meta", "code": 131047})
    source = Outbox()
    for job in source.claim(5):
        source.run(job)
    assert Message.objects.get(pk=pk).error["code"] == 131047
    assert window_of(chat) > timezone.now()


def test_131050_is_an_opt_out(refuse: Any, chat: Customer) -> None:
    assert refuse(131050).status == "failed"
    assert Identity.objects.get(customer=chat).marketing_stopped_at is not None


def test_131056_delays_one_customer_only(refuse: Any, graph: GraphDouble, chat: Customer) -> None:
    message = refuse(131056)
    assert message.status == "queued"
    assert message.not_before > timezone.now() + timedelta(seconds=3)
    assert BusinessNumber.objects.get().paused_until is None


def test_130429_pauses_the_number_and_costs_no_try(refuse: Any, chat: Customer) -> None:
    message = refuse(130429)
    number = BusinessNumber.objects.get()
    assert (message.status, message.attempts) == ("queued", 0)
    assert timezone.now() < number.paused_until < timezone.now() + timedelta(seconds=5)
    assert "130429" in number.reason


def failed(message: Message, code: int, ago: int = 0) -> dict[str, Any]:
    errors = [{"code": code, "title": "x"}]
    return envelope(change(statuses=[status(message.wamid, "failed", int(time.time()) - ago, errors=errors)]))


@pytest.fixture
def sent(graph: GraphDouble, as_admin: Any, chat: Customer, settings: Any) -> Message:
    """A template that Meta took."""
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "1"
    Template.objects.create(waba_id="1", name="hi", language="en", status="APPROVED")
    template = {"customer": chat.pk, "type": "template", "template": {"name": "hi", "language": "en"}}
    pk = as_admin.post("/api/messages/", template).json()["id"]
    source = Outbox()
    for job in source.claim(5):
        source.run(job)
    found: Message = Message.objects.get(pk=pk)
    return found


@pytest.mark.parametrize("code", [131047, 132015])
def test_what_the_webhook_says_later_counts_too(code: int, sent: Message, chat: Customer, post: Any) -> None:
    post(failed(sent, code))
    assert Message.objects.get(pk=sent.pk).error["code"] == code
    closed = window_of(chat) <= timezone.now()
    assert (closed, Template.objects.get().status) == ((True, "APPROVED") if code == 131047 else (False, "PAUSED"))


def test_a_failure_told_twice_counts_once(sent: Message, post: Any) -> None:
    post(failed(sent, 132015))
    Template.objects.update(status="APPROVED", reason="")
    post(failed(sent, 132015))
    assert Template.objects.get().status == "APPROVED"


def test_a_replayed_failure_keeps_the_newer_upload(sent: Message, post: Any) -> None:
    file = Attachment.objects.create(message=sent, provider_id="first")
    post(failed(sent, 131053))
    file.refresh_from_db()
    assert file.provider_id == ""
    Attachment.objects.update(provider_id="second")
    newest = WebhookEvent.objects.latest("pk")
    call_command("replay_webhooks", "--id", str(newest.pk))
    assert drain() == 1
    file.refresh_from_db()
    assert file.provider_id == "second"


@pytest.mark.parametrize("code", [368, 131031, 131042, 133010])
def test_a_status_halts_the_number_as_an_answer_does(code: int, sent: Message, post: Any) -> None:
    post(failed(sent, code))
    message, number = Message.objects.get(pk=sent.pk), BusinessNumber.objects.get()
    assert (message.status, message.error["code"]) == ("failed", code)
    assert number.paused_until == UNTIL_RESUMED
    assert number.reason.startswith(f"{message.error['title']} ({code}).")
    Outbox().settle(everything=False)
    assert BusinessNumber.objects.get().paused_until == UNTIL_RESUMED, "the access is the refused one"


@pytest.mark.parametrize(("code", "seconds"), [(130429, 2), (131057, 180)])
def test_a_status_pauses_the_number_as_an_answer_does(code: int, seconds: int, sent: Message, post: Any) -> None:
    post(failed(sent, code))
    assert Message.objects.get(pk=sent.pk).status == "failed"
    number = BusinessNumber.objects.get()
    pause = number.paused_until - timezone.now()
    assert timedelta(seconds=seconds - 2) < pause <= timedelta(seconds=seconds)
    assert (number.throttled, str(code) in number.reason) == (1, True)


def test_words_that_cannot_be_stored(sent: Message, post: Any, as_admin: Any) -> None:
    errors = [{"code": 999999, "title": "No\x00 \ud83d", "error_data": {"details": "\udc00" + "x" * 5000}}]
    post(envelope(change(statuses=[status(sent.wamid, "failed", errors=errors)])))
    assert WebhookEvent.objects.latest("pk").error == ""
    (row,) = [row for row in as_admin.get("/api/messages/").json()["results"] if row["id"] == sent.pk]
    assert row["error"] == {"code": 999999, "title": "No ", "detail": "x" * 1000, "retryable": False}


@pytest.mark.parametrize("code", [131026, 131053, 131056, 131000])
def test_a_status_of_one_message_leaves_the_number_alone(code: int, sent: Message, post: Any) -> None:
    post(failed(sent, code))
    assert BusinessNumber.objects.get().paused_until is None


def test_what_halted_a_number_once_does_not_halt_it_again(sent: Message, post: Any) -> None:
    post(failed(sent, 131042))
    resume(BusinessNumber.objects.get())
    post(failed(sent, 131042))
    assert BusinessNumber.objects.get().paused_until is None


def test_a_status_of_last_week_halts_nothing(sent: Message, post: Any) -> None:
    post(failed(sent, 131042, ago=7 * 86400))
    assert Message.objects.get(pk=sent.pk).status == "failed"
    assert BusinessNumber.objects.get().paused_until is None
