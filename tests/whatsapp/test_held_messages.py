"""Templates that Meta takes and does not deliver yet."""

import json
from typing import Any

import pytest

from customers.models import Customer
from messaging.models import Message
from messaging.relay.outbox import Outbox
from tests.graph_double import GraphDouble
from tests.webhooks import change, envelope, status
from whatsapp.models import Template

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(graph: GraphDouble, as_owner: Any, customer: Customer, settings: Any) -> Any:
    """Send a template, of which Meta's answer says this."""
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "1"
    Template.objects.create(waba_id="1", name="hi", language="en", status="APPROVED", components=[])

    def send(**said: str) -> Message:
        body = {"customer": customer.pk, "type": "template", "template": {"name": "hi", "language": "en"}}
        pk = as_owner.post("/api/messages/", body).json()["id"]
        answer = {"messages": [{"id": f"wamid.{pk}", **said}], "contacts": []}
        graph.queue({"kind": "garbage", "body": json.dumps(answer)})
        source = Outbox()
        for job in source.claim(5):
            source.run(job)
        found: Message = Message.objects.get(pk=pk)
        return found

    return send


@pytest.mark.parametrize("word", ["held_for_quality_assessment", "paused"])
def test_it_is_shown_until_it_is_delivered(sent: Any, post: Any, as_owner: Any, customer: Customer, word: str) -> None:
    message = sent(message_status=word)
    assert (message.status, message.held) == ("sent", word)
    assert as_owner.get(f"/api/messages/{message.pk}/").json()["held"] == word
    (row,) = as_owner.get(f"/api/customers/{customer.pk}/messages/").json()["results"]
    assert row["held"] == word
    told = customer.events.filter(type="message_status").order_by("seq")
    assert [(event.data["status"], event.data["held"]) for event in told] == [("sent", word)]
    post(envelope(change(statuses=[status(message.wamid, "delivered")])))
    assert as_owner.get(f"/api/messages/{message.pk}/").json()["held"] is None
    newest = told.last()
    assert newest is not None
    assert (newest.data["status"], newest.data["held"]) == ("delivered", None)


@pytest.mark.parametrize("said", [{}, {"message_status": "accepted"}, {"message_status": "delayed"}])
def test_nothing_is_said_of_others(sent: Any, as_owner: Any, said: dict[str, str]) -> None:
    message = sent(**said)
    assert (message.status, message.held) == ("sent", None)
    assert as_owner.get(f"/api/messages/{message.pk}/").json()["held"] is None
