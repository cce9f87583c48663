"""Statuses of messages that something else sent from our number: many in one body, stored together."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Contact
from customers.actions.customers import erase_customer
from customers.models import Customer
from messaging.actions.statuses import apply_status
from messaging.models import BusinessNumber, Direction, Message, Status, StatusUpdate
from messaging.relay.outbox import Outbox
from tests.webhooks import PHONE_NUMBER_ID, change, drain, envelope, settle, status
from whatsapp.models import Identity, WebhookEvent
from whatsapp.webhook import queue, unknown_statuses

pytestmark = pytest.mark.django_db

MANY = 40


def campaign(*, first: int = 0, count: int = MANY, name: str = "delivered", **more: Any) -> list[dict[str, Any]]:
    return [
        status(f"wamid.S{n}", name, **{"recipient_id": f"4477009{n:05d}", **more}) for n in range(first, first + count)
    ]


def statuses(*items: dict[str, Any]) -> dict[str, Any]:
    return envelope(change(statuses=list(items)))


@pytest.fixture
def sent(customer: Customer, number: BusinessNumber) -> Message:
    fields = {"customer": customer, "business_number": number, "direction": Direction.OUTBOUND}
    return Message.objects.create(**fields, text="hello", status=Status.SENT, wamid="wamid.OURS")


def test_they_wait_for_their_messages(post: Any) -> None:
    assert post(statuses(*campaign(), *campaign(name="read"))).status_code == 200

    assert StatusUpdate.objects.waiting().count() == 2 * MANY
    event = WebhookEvent.objects.get()
    assert (event.state, event.elements, event.claim_token) == ("done", 2 * MANY, None)


def test_statements_do_not_grow_with_them(post: Any) -> None:
    post(statuses(*campaign()))
    counts = []
    for first in (1000, 2000):
        with CaptureQueriesContext(connection) as captured:
            post(statuses(*campaign(first=first, count=first // 5)))
        counts.append(len(captured))
    assert max(counts) < 15


def test_one_by_one_it_is_the_same(post: Any) -> None:
    for item in campaign(count=3):
        post(statuses(item))
    assert StatusUpdate.objects.waiting().count() == 3
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_only_a_status_of_an_unknown_message_is_kept_without_waiting_for_the_disk(
    sent: Message, number: BusinessNumber
) -> None:
    """PostgreSQL is told so within the transaction: its webhook is on disk, and is handled again if this is lost."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite cannot be told within a transaction")

    def told_by(wamid: str) -> str:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")  # which tests do without
            apply_status(number=number, wamid=wamid, status="read", at=timezone.now())
            cursor.execute("SHOW synchronous_commit")
            (told,) = cursor.fetchone()
            transaction.set_rollback(True)
        return str(told)

    assert (told_by("wamid.OURS"), told_by("wamid.THEIRS")) == ("on", "off")


@pytest.mark.parametrize("count", [1, 3])
def test_a_single_one_that_is_delivered_again(post: Any, count: int) -> None:
    for _ in range(2):
        post(statuses(*campaign(count=count)))
    assert StatusUpdate.objects.waiting().count() == count
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_redelivery_changes_nothing(post: Any) -> None:
    for _ in range(2):
        post(statuses(*campaign()))
    assert StatusUpdate.objects.count() == MANY
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.parametrize("place", [0, MANY // 2, MANY])
def test_a_message_of_ours_among_them(post: Any, sent: Message, place: int) -> None:
    items = campaign()
    items.insert(place, status("wamid.OURS", "read", recipient_id="94771234567"))

    post(statuses(*items))

    sent.refresh_from_db()
    assert sent.status == "read"
    assert StatusUpdate.objects.waiting().count() == MANY
    event = WebhookEvent.objects.get()
    assert (event.state, list(event.customers.all())) == ("done", [sent.customer])


def test_a_message_of_ours_whose_answer_was_lost(post: Any, sent: Message) -> None:
    Message.objects.update(wamid=None, status=Status.UNCERTAIN)

    post(statuses(*campaign(), status("wamid.NEW", "delivered", biz_opaque_callback_data=str(sent.pk))))

    sent.refresh_from_db()
    assert (sent.status, sent.wamid) == ("delivered", "wamid.NEW")


def test_the_message_becomes_known_later(post: Any, sent: Message) -> None:
    post(statuses(*campaign(name="read")))
    Message.objects.update(wamid="wamid.S7")

    Outbox().settle(everything=False)

    sent.refresh_from_db()
    assert sent.status == "read"


def linked(event: WebhookEvent) -> set[int]:
    return set(event.customers.values_list("pk", flat=True))


def known_as(customer: Customer, number: BusinessNumber, way: str) -> dict[str, Any]:
    """Make a customer known in one of the ways there are; return who a status says it is about."""
    if way == "phone":
        Customer.objects.filter(pk=customer.pk).update(phone="+447700900077")
        return {"recipient_id": "447700900077"}
    if way == "contact":
        Contact.objects.create(customer=customer, email="c@example.com", wa_number="+447700900077", tp_number="+4477")
        return {"recipient_id": "447700900077"}
    if way == "another number":
        number = BusinessNumber.objects.create(external_id="another")
    ids = {"user id": {"user_id": "GB.77"}, "parent id": {"parent_user_id": "GB.ENT.77"}}
    ids["replaced user id"] = {"user_id": "GB.78", "previous_user_id": "GB.77"}
    Identity.objects.create(customer=customer, business_number=number, **ids.get(way, {"wa_id": "447700900077"}))
    said = {"user id": "recipient_user_id", "replaced user id": "recipient_user_id"}
    said["parent id"] = "recipient_parent_user_id"
    value = {"parent id": "GB.ENT.77"}.get(way, "GB.77")
    return {"recipient_id": "447700900099", said[way]: value} if way in said else {"recipient_id": "447700900077"}


WAYS = ["wa_id", "phone", "contact", "another number", "user id", "parent id", "replaced user id"]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_customer_among_the_recipients_is_linked(
    post: Any, customer: Customer, number: BusinessNumber, way: str, *, together: bool
) -> None:
    """Erasing them blanks the body."""
    about = known_as(customer, number, way)

    post(statuses(*(campaign() if together else []), status("wamid.THEIRS", "delivered", **about)))

    event = WebhookEvent.objects.get()
    assert (event.state, linked(event)) == ("done", {customer.pk})
    erase_customer(customer_id=customer.pk, actor=None)
    event.refresh_from_db()
    assert b"4477009000" not in bytes(event.body)


def test_who_was_detached_is_nobody(post: Any, customer: Customer, number: BusinessNumber) -> None:
    known_as(customer, number, "wa_id")
    Identity.objects.update(detached_at=timezone.now())

    post(statuses(*campaign(), status("wamid.THEIRS", "delivered", recipient_id="447700900077")))

    assert linked(WebhookEvent.objects.get()) == set()


def test_a_phone_is_no_longer_that_of_who_was_detached_from_it(
    post: Any, customer: Customer, number: BusinessNumber
) -> None:
    Identity.objects.create(customer=customer, business_number=number, wa_id="447700900077", detached_at=timezone.now())
    holder = Customer.objects.create(first_name="Theirs now", phone="+447700900077", phone_trusted=True)

    post(statuses(status("wamid.THEIRS", "delivered", recipient_id="447700900077")))

    assert linked(WebhookEvent.objects.get()) == {holder.pk}


def test_who_stopped_marketing_is_noted(post: Any, customer: Customer, number: BusinessNumber) -> None:
    Identity.objects.create(customer=customer, business_number=number, wa_id="447700900007")
    error = {"code": 131050, "title": "stopped"}

    post(statuses(*campaign(name="failed", errors=[error])))
    settle()

    assert Identity.objects.get(wa_id="447700900007").marketing_stopped_at is not None
    assert StatusUpdate.objects.waiting().count() == MANY


def test_a_broken_one_does_not_take_its_neighbours_with_it(post: Any) -> None:
    items = campaign()
    items.insert(5, {"status": "sent"})  # of what?

    post(statuses(*items))

    assert StatusUpdate.objects.waiting().count() == MANY
    assert WebhookEvent.objects.get().state == "failed"


@pytest.mark.django_db(transaction=True)
def test_when_they_cannot_be_stored_together_they_are_stored_one_by_one(
    post: Any, customer: Customer, number: BusinessNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a customer is erased between being looked up and being linked."""
    monkeypatch.setattr(unknown_statuses, "_customers_at", lambda reports, number: {"447700900001": 987654321})

    post(statuses(*campaign()))
    settle()

    assert StatusUpdate.objects.waiting().count() == MANY
    assert WebhookEvent.objects.get().state == "done"


def test_what_the_request_has_no_time_for(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "REQUEST_SECONDS", -1.0)
    post(statuses(*campaign()))
    assert StatusUpdate.objects.count() == 1
    drain()

    assert StatusUpdate.objects.waiting().count() == MANY
    assert WebhookEvent.objects.get().state == "done"


def test_the_numbers_are_told_apart(post: Any) -> None:
    body = statuses(*campaign())
    other = statuses(*campaign())["entry"][0]["changes"][0]
    other["value"]["metadata"]["phone_number_id"] = "222"
    body["entry"][0]["changes"].append(other)

    post(body)

    by_number = StatusUpdate.objects.values_list("business_number__external_id", flat=True)
    assert sorted(by_number) == sorted([PHONE_NUMBER_ID] * MANY + ["222"] * MANY)
