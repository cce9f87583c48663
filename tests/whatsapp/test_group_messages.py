"""What is said in groups belongs into no chat with a customer."""

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from customers.models import Customer
from messaging.models import Conversation, Message, Receipt, StatusUpdate
from tests.webhooks import PHONE_NUMBER_ID, change, envelope, says, status, text
from whatsapp.models import Identity, WebhookEvent

pytestmark = pytest.mark.django_db

GROUP = {"group_id": "G1"}


def in_group(**more: Any) -> dict[str, Any]:
    return {**text("wamid.group", at=int(time.time())), **GROUP, **more}


SHARED = [{"origin": "contact_request", "phones": [{"wa_id": "94770000000"}]}]
ITEMS = {
    "text": in_group(),
    "reaction": in_group(type="reaction", reaction={"message_id": "wamid.1", "emoji": "x"}),
    "revoke": in_group(type="revoke", revoke={"original_message_id": "wamid.1"}),
    "shared number": in_group(type="contacts", contacts=SHARED),
    "system": in_group(type="system", system={"type": "user_changed_number", "wa_id": "94770000000"}),
    "nobody": {name: value for name, value in in_group().items() if name != "from"},
}


def state() -> list[Any]:
    models = (Customer, Identity, Message, Conversation, Receipt, StatusUpdate)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
def test_it_is_kept_raw_and_changes_nothing(post: Any, customer: Customer, item: dict[str, Any]) -> None:
    post(says(text("wamid.1")))
    before = state()
    body = says(item, contacts=[{"wa_id": "94771234567", "profile": {"name": "Group Name"}}])
    assert post(body).status_code == 200
    event = WebhookEvent.objects.latest("pk")
    assert (event.state, event.error) == ("done", "")
    assert b"G1" in bytes(event.body)
    assert state() == before


def test_a_stranger_in_a_group_becomes_no_customer(post: Any) -> None:
    post(says(in_group()))
    assert not Customer.objects.exists()


def test_an_echo_into_a_group(post: Any, customer: Customer) -> None:
    echo = change(message_echoes=[in_group(to="94771234567", **{"from": "15550783881"})])
    post(envelope({**echo, "field": "smb_message_echoes"}))
    assert not Message.objects.exists()


def test_a_status_of_a_group(post: Any, customer: Customer) -> None:
    said = {"recipient_id": "G1", "recipient_type": "group", "recipient_participant_id": "94771234567"}
    post(envelope(change(statuses=[status("wamid.out", "read", **said)])))
    assert not StatusUpdate.objects.exists()
    assert WebhookEvent.objects.get().customers.get() == customer


def test_erasing_somebody_blanks_what_they_said_in_a_group(post: Any, customer: Customer, as_admin: Any) -> None:
    post(says(in_group()))
    assert as_admin.delete(f"/api/customers/{customer.pk}/").status_code == 204
    assert bytes(WebhookEvent.objects.get().body) == b"{}"


def test_the_report_counts_them(post: Any, customer: Customer) -> None:
    post(says(text("wamid.1"), in_group()))
    out = StringIO()
    call_command("webhook_report", days=1, stdout=out)
    head, row = (line.split() for line in out.getvalue().splitlines())
    counts = dict(zip(head, row, strict=True))
    assert (counts["received"], counts["missing"], counts["groups"]) == ("1", "0", "1")
    assert PHONE_NUMBER_ID not in out.getvalue()
