"""Somebody is erased whose webhook also speaks of others, and is not handled yet."""

import json
from typing import Any

import pytest

from customers.models import Customer
from messaging.models import Message
from tests.webhooks import change, envelope, settle, status, text
from whatsapp.models import Identity, WebhookEvent, WebhookState
from whatsapp.payload.redaction import redacted

GONE, KEPT = "94771234567", "94779999999"

pytestmark = pytest.mark.django_db


@pytest.fixture
def half_done(customer: Customer, number: Any) -> WebhookEvent:
    """A body of two people, of which the first was handled."""
    contacts = [{"wa_id": wa_id, "profile": {"name": f"Name of {wa_id}"}} for wa_id in (GONE, KEPT)]
    messages = [text("wamid.1", "of the erased", wa_id=GONE), text("wamid.2", "of the other", wa_id=KEPT)]
    statuses = [status("wamid.3", "read"), status("wamid.4", "read") | {"recipient_id": KEPT}]
    body = json.dumps(envelope(change(contacts=contacts, messages=messages, statuses=statuses))).encode()
    Identity.objects.create(customer=customer, business_number=number, wa_id=GONE)
    event = WebhookEvent.objects.create(body=body, elements=1)
    event.customers.add(customer)
    return event


@pytest.mark.parametrize("state", [WebhookState.PENDING, WebhookState.FAILED])
def test_what_others_said_is_still_handled(
    as_admin: Any, customer: Customer, half_done: WebhookEvent, state: WebhookState
) -> None:
    WebhookEvent.objects.update(state=state)
    assert as_admin.delete(f"/api/customers/{customer.pk}/").status_code == 204

    half_done.refresh_from_db()
    left = bytes(half_done.body).decode()
    assert "of the erased" not in left
    assert GONE not in left
    settle()
    assert Message.objects.get().text == "of the other"
    assert Customer.objects.get().phone == f"+{KEPT}"


def test_what_was_handled_is_blanked(as_admin: Any, customer: Customer, half_done: WebhookEvent) -> None:
    WebhookEvent.objects.update(state=WebhookState.DONE)

    assert as_admin.delete(f"/api/customers/{customer.pk}/").status_code == 204

    half_done.refresh_from_db()
    assert (bytes(half_done.body), half_done.state) == (b"{}", WebhookState.DONE)


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"[]",
        b'{"entry": [{"changes": [{"value": {"messages": 5}}]}]}',
        # Nothing of anybody else.
        json.dumps(envelope(change(messages=[text("wamid.1", wa_id=GONE)]))).encode(),
        # Somebody else's, who writes of them.
        json.dumps(envelope(change(messages=[text("wamid.1", f"ask +{GONE}", wa_id=KEPT)]))).encode(),
    ],
)
def test_what_cannot_be_cut_goes_whole(body: bytes) -> None:
    assert redacted(body, {GONE}) is None
