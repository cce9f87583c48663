"""A provider that cannot be reached: nothing fails, nothing overtakes, and one message tries when it is back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from messaging.actions.number_pauses import UNTIL_RESUMED
from messaging.channels import Halted, Rejected, Retry, Unknown, Unreachable
from messaging.models import BusinessNumber, Message
from messaging.relay.outbox import Outbox
from tests.media_files import jpeg
from tests.messaging.steps import make_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def chats(as_owner: Any, owner: Any, says: Any) -> list[int]:
    """Three messages to each of three customers, in turn; their ids."""
    people = [Customer.objects.create(first_name=f"P{n}", owner=owner) for n in range(3)]
    for person in people:
        says(person)
    return [
        as_owner.post("/api/messages/", {"customer": person.pk, "text": f"{turn}"}).json()["id"]
        for turn in range(3)
        for person in people
    ]


def cut_off() -> Unreachable:
    return Unreachable("It cannot be reached", "ConnectError")


def let_pause_end() -> None:
    BusinessNumber.objects.update(paused_until=timezone.now() - timedelta(seconds=1))


def pause() -> float:
    return float((BusinessNumber.objects.get().paused_until - timezone.now()).total_seconds())


def test_an_outage_costs_no_try_and_no_order(chats: list[int], transport: Any, relay_turn: Any) -> None:
    transport.outcomes = [cut_off() for _ in range(3)]
    assert relay_turn() == 3, "the first of each chat"
    number = BusinessNumber.objects.get()
    assert (number.pause_kind, number.probes, "ConnectError" in number.reason) == ("unreachable", 1, True)
    for seconds in (2, 4, 8, 16, 30, 30, 30):
        assert seconds - 1 < pause() <= seconds
        assert relay_turn() == 0
        let_pause_end()
        transport.outcomes = [cut_off()]
        assert relay_turn() == 1, "one tries, the others wait"
    assert set(Message.objects.filter(pk__in=chats).values_list("status", "attempts")) == {("queued", 0)}
    let_pause_end()
    assert relay_turn() == 1
    number.refresh_from_db()
    assert (number.pause_kind, number.probes, number.paused_until, number.reason) == ("", 0, None, "")
    while relay_turn():
        pass
    assert set(Message.objects.filter(pk__in=chats).values_list("status", "attempts")) == {("sent", 1)}
    for customer in {message.customer_id for message in transport.sent}:
        sent = [message.pk for message in transport.sent if message.customer_id == customer]
        assert sent == sorted(sent)


def test_one_relay_tries(chats: list[int], transport: Any, relay_turn: Any) -> None:
    transport.outcomes = [cut_off() for _ in range(3)]
    relay_turn()
    let_pause_end()
    claimed = [Outbox().claim(8), Outbox().claim(8)]
    assert [len(jobs) for jobs in claimed] == [1, 0]


@pytest.mark.parametrize(
    "answer", [None, Retry(), Rejected(1, "no"), Unknown(), Retry(scope="number"), Halted("token")], ids=repr
)
def test_any_answer_says_that_it_can_be_reached(
    chats: list[int], transport: Any, relay_turn: Any, answer: Exception | None
) -> None:
    transport.outcomes = [cut_off() for _ in range(3)]
    relay_turn()
    let_pause_end()
    transport.outcomes = [answer]
    assert relay_turn() == 1
    assert BusinessNumber.objects.get().pause_kind in ("", "throttled", "paused")
    assert BusinessNumber.objects.get().probes == 0


def test_a_try_that_did_not_begin_makes_way_for_the_next(chats: list[int], transport: Any, relay_turn: Any) -> None:
    transport.outcomes = [cut_off() for _ in range(3)]
    relay_turn()
    let_pause_end()
    source = Outbox()
    (job,) = source.claim(8)
    assert pause() > 30, "its relay may die"
    Message.objects.filter(pk=job.message_id).update(lease_until=timezone.now())
    source.run(job)
    assert (BusinessNumber.objects.get().pause_kind, pause() <= 0) == ("unreachable", True)
    assert relay_turn() == 1
    assert len(transport.sent) == 1


def test_a_try_whose_relay_died_makes_way_for_the_next(chats: list[int], transport: Any, relay_turn: Any) -> None:
    transport.outcomes = [cut_off() for _ in range(3)]
    relay_turn()
    let_pause_end()
    Outbox().claim(8)
    Message.objects.filter(status="sending").update(lease_until=timezone.now() - timedelta(seconds=1))
    Outbox().settle(everything=False)
    assert BusinessNumber.objects.get().pause_kind == "unreachable", "nobody knows whether there was an answer"
    let_pause_end()
    assert relay_turn() == 1


def test_a_halted_number_stays_halted(chats: list[int], transport: Any, relay_turn: Any) -> None:
    transport.outcomes = [Halted("token"), cut_off(), cut_off()]
    relay_turn()
    number = BusinessNumber.objects.get()
    assert (number.pause_kind, number.paused_until) == ("paused", UNTIL_RESUMED)


def test_it_shows(chats: list[int], transport: Any, relay_turn: Any, as_admin: Any, admin: Any, client: Any) -> None:
    transport.outcomes = [cut_off() for _ in range(3)]
    relay_turn()
    let_pause_end()  # it stays unreachable while one message tries
    (row,) = client.get("/readyz").json()["checks"]["business_numbers"]["paused"]
    assert (row["kind"], row["reason"]) == ("unreachable", "It cannot be reached (ConnectError)")
    metric = b'patter_business_number_paused{number="1001",transport="whatsapp"} 1.0'
    assert metric in client.get("/metrics").content
    client.force_login(admin)
    assert b"Unreachable" in client.get("/admin/messaging/businessnumber/").content


def test_a_file_that_cannot_be_uploaded_for_it(
    as_owner: Any, customer: Any, says: Any, transport: Any, relay_turn: Any, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    says(customer)
    body = {"customer": customer.pk, "media": jpeg()}
    pk = as_owner.post("/api/messages/", body, format="multipart").json()["id"]
    transport.upload_outcomes = [cut_off()]
    relay_turn()
    message = Message.objects.get(pk=pk)
    assert (message.status, message.attempts, BusinessNumber.objects.get().pause_kind) == ("queued", 0, "unreachable")


class TestWaitingForOneMessage:
    def test_lasts_fifteen_minutes_at_most(self, chats: list[int], transport: Any, relay_turn: Any) -> None:
        first = chats[0]
        Message.objects.exclude(pk=first).filter(direction="outbound").delete()
        for seconds in (600, 300):
            transport.outcomes = [Retry(after=600, code=503, title="Busy")]
            assert relay_turn() == 1
            wait = (Message.objects.get(pk=first).not_before - timezone.now()).total_seconds()
            assert seconds - 2 < wait <= seconds
            make_due(first)
        transport.outcomes = [Retry(after=600, code=503, title="Busy")]
        assert relay_turn() == 1
        message = Message.objects.get(pk=first)
        assert (message.status, message.error["code"], message.error["retryable"]) == ("failed", 503, True)

    def test_begins_anew_when_it_is_sent_again(
        self, chats: list[int], transport: Any, relay_turn: Any, as_owner: Any
    ) -> None:
        first = chats[0]
        Message.objects.filter(pk=first).update(retry_seconds=900, status="failed")
        assert as_owner.post(f"/api/messages/{first}/retry/").status_code == 200
        transport.outcomes = [Retry() for _ in range(3)]
        assert relay_turn() == 3
        assert Message.objects.get(pk=first).status == "queued"


def test_a_proxy_that_denies_access_pauses_the_number_for_a_minute(
    chats: list[int], transport: Any, relay_turn: Any
) -> None:
    transport.outcomes = [Retry(code=403, title="Denied", number_pauses=60)]
    relay_turn()
    number, message = BusinessNumber.objects.get(), Message.objects.get(pk=chats[0])
    assert (number.pause_kind, 55 < pause() <= 60) == ("paused", True)
    assert (message.status, message.attempts) == ("queued", 1)
