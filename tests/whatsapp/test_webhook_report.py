"""Received against stored: by command and in the admin."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from messaging.models import Message
from tests.webhooks import payload, says, status, text
from whatsapp.models import WebhookEvent

pytestmark = pytest.mark.django_db


def report(**options: Any) -> list[list[str]]:
    out = StringIO()
    call_command("webhook_report", stdout=out, **options)
    return [line.split() for line in out.getvalue().splitlines()]


def test_every_message_is_counted_and_found(post: Any) -> None:
    post(says(text("wamid.1"), text("wamid.2"), statuses=[status("wamid.OUT", "sent")]))
    post(payload("image"))
    post(payload("echo_text"))
    post(says(text("wamid.1")))  # a redelivery
    post(payload("reaction"))
    post(payload("text_in_group"))
    post(b"nonsense")
    lines = report(days=2)
    assert lines[0] == ["day", "webhooks", "pending", "failed", "received", "stored", "missing", "unreadable", "groups"]
    assert lines[1][1:] == ["7", "0", "1", "5", "5", "0", "1", "1"]
    assert lines[2][1:] == ["0"] * 8


def test_a_message_that_is_in_no_chat_is_named(post: Any) -> None:
    post(says(text("wamid.1"), text("wamid.2")))
    Message.objects.filter(wamid="wamid.2").delete()
    out = StringIO()
    with pytest.raises(CommandError, match=r"not in any chat .yet.: 1"):
        call_command("webhook_report", missing=True, stdout=out)
    assert "missing: wamid.2 to 106540352242922" in out.getvalue()
    assert out.getvalue().splitlines()[1].split()[4:7] == ["2", "1", "1"]


@pytest.mark.parametrize("days", [0, -1, 367])
def test_nonsense_is_refused(days: int) -> None:
    with pytest.raises(CommandError, match="between 1 and 366"):
        report(days=days)


def test_the_number_of_queries_is_that_of_the_batches(post: Any, django_assert_num_queries: Any) -> None:
    for index in range(6):
        post(says(text(f"wamid.{index}")))
    with django_assert_num_queries(2):
        report(days=1)


def test_the_admin_shows_it(client: Client, admin: User, owner: User, post: Any) -> None:
    post(says(text("wamid.1"), text("wamid.2")))
    url = "/admin/whatsapp/webhookevent/report/"
    assert client.get(url).status_code == 302
    client.force_login(admin)
    for query in ("", "?days=7", "?days=99999", "?days=x"):
        page = client.get(url + query)
        assert page.status_code == 200
        assert b"<td>2</td><td>2</td>" in page.content.replace(b"\n", b"")
    assert b"Received against stored" in client.get("/admin/whatsapp/webhookevent/").content
    client.force_login(owner)
    assert client.get(url).status_code == 302


def test_a_webhook_leads_to_its_customers(client: Client, admin: User, post: Any) -> None:
    post(says(text("wamid.1"), contacts=[{"wa_id": "94771234567", "profile": {"name": "<b>Nimal</b>"}}]))
    event = WebhookEvent.objects.get()
    customer = event.customers.get()
    client.force_login(admin)
    page = client.get(f"/admin/whatsapp/webhookevent/{event.pk}/change/").content.decode()
    assert f"/admin/customers/customer/{customer.pk}/change/" in page
    assert "&lt;b&gt;Nimal" in page
