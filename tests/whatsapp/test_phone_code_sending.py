"""A code on its way to a phone, against a Graph API that misbehaves."""

import logging
from typing import Any

import pytest
from django.utils import timezone

from customers.errors import CodeNotSent
from customers.models import Customer
from messaging.models import BusinessNumber, Conversation, Message
from tests.graph_double import GraphDouble
from whatsapp.channel import WhatsApp

pytestmark = pytest.mark.django_db

CODE = "493817"


@pytest.fixture
def chat(customer: Customer, number: BusinessNumber) -> Conversation:
    return Conversation.objects.create(customer=customer, business_number=number, last_inbound_at=timezone.now())


def test_text_while_the_window_is_open(graph: GraphDouble, chat: Conversation) -> None:
    WhatsApp.send_phone_code(phone="+94771234567", code=CODE)

    (taken,) = graph.accepted
    assert (taken["body"]["to"], taken["body"]["type"]) == ("94771234567", "text")
    assert CODE in taken["body"]["text"]["body"]
    assert not Message.objects.exists()


def test_a_template_when_it_is_closed(graph: GraphDouble, settings: Any) -> None:
    settings.WHATSAPP_CODE_TEMPLATE = "sign_in_code:de"

    WhatsApp.send_phone_code(phone="+94771234567", code=CODE)

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


def test_the_window_of_a_phone_that_is_not_trusted_is_somebody_elses(graph: GraphDouble, chat: Conversation) -> None:
    Customer.objects.update(phone_trusted=False)

    with pytest.raises(CodeNotSent):
        WhatsApp.send_phone_code(phone="+94771234567", code=CODE)

    assert graph.accepted == []


def test_no_template(graph: GraphDouble) -> None:
    with pytest.raises(CodeNotSent):
        WhatsApp.send_phone_code(phone="+94771234567", code=CODE)

    assert graph.accepted == []


@pytest.mark.parametrize("fault", ["drop", "take_and_drop", "garbage", {"kind": "status", "status": 500}, "refused"])
def test_failures_say_nothing_of_the_code(
    graph: GraphDouble, chat: Conversation, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    refused = {"kind": "meta", "code": 131026, "message": f"cannot deliver {CODE}"}
    graph.queue(refused if fault == "refused" else fault)

    with caplog.at_level(logging.DEBUG), pytest.raises(CodeNotSent) as caught:
        WhatsApp.send_phone_code(phone="+94771234567", code=CODE)

    assert CODE not in caplog.text
    assert CODE not in str(caught.value)
