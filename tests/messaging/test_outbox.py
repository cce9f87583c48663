"""The relay's side of a send: claims, outcomes, order, and the statuses that settle them."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer, Event
from messaging.actions.statuses import apply_status, settle_waiting
from messaging.channels import Halted, Rejected, Retry, Unknown
from messaging.models import BusinessNumber, Message, StatusUpdate
from messaging.relay import outbox
from messaging.relay.outbox import Outbox
from tests.messaging.steps import make_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(as_owner: Any, customer: Any, says: Any) -> Any:
    says(customer)

    def queue(text: str = "hi", to: Any = customer) -> int:
        response = as_owner.post("/api/messages/", {"customer": to.pk, "text": text})
        assert response.status_code == 201
        pk: int = response.json()["id"]
        return pk

    return queue


def status_of(pk: int) -> str:
    return Message.objects.get(pk=pk).status


def recorded(customer: Any) -> list[str]:
    events = Event.objects.filter(customer=customer, type="message_status").order_by("seq")
    return [event.data["status"] for event in events]


def test_a_send(send: Any, transport: Any, relay_turn: Any, customer: Any) -> None:
    pk = send("hi")
    assert relay_turn() == 1
    message = Message.objects.get(pk=pk)
    assert (message.status, message.wamid, message.attempts) == ("sent", f"wamid.OUT{pk}", 1)
    assert message.sent_at is not None
    assert message.claim_token is None
    assert recorded(customer) == ["sent"]
    assert relay_turn() == 0


def test_the_messages_of_one_customer_are_sent_one_by_one(
    send: Any, transport: Any, relay_turn: Any, customer: Any, owner: Any, says: Any
) -> None:
    other = customer.__class__.objects.create(first_name="Other", owner=owner)
    says(other)
    first, second, elsewhere = send("1"), send("2"), send("3", to=other)
    transport.outcomes = [Retry()]
    assert relay_turn() == 2  # the first of each customer
    assert (status_of(first), status_of(second), status_of(elsewhere)) == ("queued", "queued", "sent")
    assert relay_turn() == 0  # the second does not overtake the first, which backs off
    make_due(first)
    assert relay_turn() == 1
    assert relay_turn() == 1
    assert [message.text for message in transport.sent] == ["3", "1", "2"]


def test_failed_and_uncertain_messages_delay_no_other(send: Any, transport: Any, relay_turn: Any) -> None:
    pks = [send(str(n)) for n in range(3)]
    transport.outcomes = [Rejected(131026, "Undeliverable"), Unknown()]
    for _ in pks:
        assert relay_turn() == 1
    assert [status_of(pk) for pk in pks] == ["failed", "uncertain", "sent"]


def test_temporary_failures_are_tried_seven_times(send: Any, transport: Any, relay_turn: Any, customer: Any) -> None:
    pk = send()
    for attempt in range(1, 8):
        transport.outcomes = [Retry(code=131000, title="Something went wrong")]
        before = timezone.now()
        assert relay_turn() == 1
        message = Message.objects.get(pk=pk)
        assert message.attempts == attempt
        if attempt < 7:
            assert message.status == "queued"
            pause = (message.not_before - before).total_seconds()
            assert 2 ** (attempt - 1) <= pause <= 2 ** (attempt - 1) * 1.25 + 1
            assert relay_turn() == 0
            make_due(pk)
    assert message.status == "failed"
    assert message.error == {"code": 131000, "title": "Something went wrong", "detail": "", "retryable": True}
    assert recorded(customer) == [*["queued"] * 6, "failed"]


def test_retry_after_is_kept(send: Any, transport: Any, relay_turn: Any) -> None:
    pk = send()
    transport.outcomes = [Retry(after=90)]
    before = timezone.now()
    relay_turn()
    assert Message.objects.get(pk=pk).not_before >= before + timedelta(seconds=90)


def test_throttling_pauses_the_number_and_does_not_count_as_a_try(
    send: Any, transport: Any, relay_turn: Any, number: Any
) -> None:
    pk = send()
    for pause in (2, 4, 8, 16, 32, 60, 60):
        transport.outcomes = [Retry(scope="number", code=130429)]
        before = timezone.now()
        assert relay_turn() == 1
        number.refresh_from_db()
        assert before + timedelta(seconds=pause) <= number.paused_until <= timezone.now() + timedelta(seconds=pause)
        assert relay_turn() == 0
        BusinessNumber.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    assert Message.objects.get(pk=pk).attempts == 0
    assert relay_turn() == 1
    number.refresh_from_db()
    assert (status_of(pk), number.throttled) == ("sent", 0)


def test_a_halted_number_keeps_its_messages(send: Any, transport: Any, relay_turn: Any, number: Any) -> None:
    pk = send()
    transport.outcomes = [Halted("190: the access token has expired")]
    assert relay_turn() == 1
    number.refresh_from_db()
    assert (status_of(pk), Message.objects.get(pk=pk).attempts) == ("queued", 0)
    assert number.reason == "190: the access token has expired"
    assert relay_turn() == 0
    BusinessNumber.objects.update(paused_until=None)
    assert relay_turn() == 1
    assert status_of(pk) == "sent"


@pytest.mark.parametrize("outcome", [Unknown(), RuntimeError("anything at all")])
def test_an_answer_that_never_came_is_uncertain_until_its_status_comes(
    send: Any, transport: Any, relay_turn: Any, customer: Any, number: Any, outcome: Exception
) -> None:
    pk = send()
    transport.outcomes = [outcome]
    relay_turn()
    assert status_of(pk) == "uncertain"
    assert relay_turn() == 0
    assert transport.sent == []
    apply_status(number=number, wamid="wamid.Z", status="delivered", at=timezone.now(), message_key=str(pk))
    message = Message.objects.get(pk=pk)
    assert (message.status, message.wamid) == ("delivered", "wamid.Z")
    assert recorded(customer) == ["uncertain", "delivered"]


def test_the_window_is_checked_again_when_sending(send: Any, transport: Any, relay_turn: Any, customer: Any) -> None:
    pk = send()
    long_ago = timezone.now() - timedelta(hours=25)
    customer.conversation.__class__.objects.update(last_inbound_at=long_ago)
    relay_turn()
    message = Message.objects.get(pk=pk)
    assert message.status == "failed"
    assert message.error["code"] == "outside_service_window"
    assert transport.sent == []


def test_an_expired_lease_is_uncertain(send: Any, customer: Any, transport: Any, relay_turn: Any) -> None:
    pk = send()
    (job,) = Outbox().claim(10)
    assert status_of(pk) == "sending"
    assert recorded(customer) == []
    Outbox().settle(everything=False)
    assert status_of(pk) == "sending"
    Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    Outbox().settle(everything=False)
    assert status_of(pk) == "uncertain"
    Outbox().run(job)
    assert transport.sent == [], "whoever was away for so long does not begin"
    message = Message.objects.get(pk=pk)
    assert (message.status, message.error["code"], message.error["retryable"]) == ("failed", "not_sent", True)
    assert recorded(customer) == ["uncertain", "failed"]


def test_an_answer_after_the_lease_still_settles(send: Any, customer: Any, transport: Any, relay_turn: Any) -> None:
    pk = send()
    answer = transport.send

    def slow(message: Any, file: Any) -> Any:
        Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        Outbox().settle(everything=False)
        assert status_of(pk) == "uncertain"
        return answer(message, file)

    transport.send = slow
    relay_turn()
    assert status_of(pk) == "sent"
    assert recorded(customer) == ["uncertain", "sent"]


def test_a_process_suspended_right_before_the_send_sends_nothing(
    send: Any, transport: Any, relay_turn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = send()
    real, later = outbox.transport_for, timezone.now() + timedelta(seconds=31)

    def suspended(number: Any) -> Any:
        monkeypatch.setattr(outbox.timezone, "now", lambda: later)
        return real(number)

    monkeypatch.setattr(outbox, "transport_for", suspended)
    relay_turn()
    monkeypatch.undo()
    assert transport.sent == []
    assert status_of(pk) == "queued", "nothing has left"


def test_a_restarted_embedded_relay_settles_every_lease(send: Any, customer: Any) -> None:
    pk = send()
    Outbox().claim(10)
    Outbox().settle(everything=True)
    assert status_of(pk) == "uncertain"


def test_a_retry_is_a_new_attempt(
    send: Any, transport: Any, relay_turn: Any, as_owner: Any, as_stranger: Any, customer: Any
) -> None:
    pk = send()
    assert as_owner.post(f"/api/messages/{pk}/retry/").status_code == 409
    transport.outcomes = [Rejected(131026, "Undeliverable")]
    relay_turn()
    assert as_stranger.post(f"/api/messages/{pk}/retry/").status_code == 404
    assert as_owner.post("/api/messages/99999/retry/").status_code == 404
    response = as_owner.post(f"/api/messages/{pk}/retry/")
    assert response.status_code == 200
    assert (response.json()["status"], response.json()["error"]) == ("queued", None)
    relay_turn()
    assert status_of(pk) == "sent"
    assert recorded(customer) == ["failed", "queued", "sent"]
    assert as_owner.post(f"/api/messages/{pk}/retry/").json()["code"] == "not_retryable"


def test_a_worker_whose_message_was_retried_by_hand_finishes_nothing(
    send: Any, transport: Any, relay_turn: Any, as_owner: Any
) -> None:
    pk = send()
    (stale,) = Outbox().claim(10)
    Outbox().settle(everything=True)
    as_owner.post(f"/api/messages/{pk}/retry/")
    Outbox().run(stale)
    assert (status_of(pk), transport.sent) == ("queued", [])


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read", "failed"])))
def test_statuses_only_move_forward(
    send: Any, transport: Any, relay_turn: Any, number: Any, order: tuple[str, ...]
) -> None:
    pk = send()
    relay_turn()
    for repeat in (1, 2):
        for status in order:
            apply_status(number=number, wamid=f"wamid.OUT{pk}", status=status, at=timezone.now())
        message = Message.objects.get(pk=pk)
        assert message.status == "read", repeat
        assert message.error is None
        assert None not in (message.sent_at, message.delivered_at, message.read_at)
    assert StatusUpdate.objects.filter(message=pk).count() == 4


def test_a_failure_after_sent_shows(send: Any, transport: Any, relay_turn: Any, number: Any, customer: Any) -> None:
    pk = send()
    relay_turn()
    error = {"code": 131026, "title": "Undeliverable", "detail": "", "retryable": False}
    apply_status(number=number, wamid=f"wamid.OUT{pk}", status="failed", at=timezone.now(), error=error)
    message = Message.objects.get(pk=pk)
    assert (message.status, message.error) == ("failed", error)
    assert recorded(customer) == ["sent", "failed"]


def test_a_status_that_comes_first_waits_for_its_message(
    send: Any, transport: Any, relay_turn: Any, number: Any
) -> None:
    pk = send()
    apply_status(number=number, wamid=f"wamid.OUT{pk}", status="delivered", at=timezone.now())
    assert status_of(pk) == "queued"
    relay_turn()
    assert status_of(pk) == "delivered"


def test_a_status_that_just_missed_its_message_is_settled_by_the_relay(
    send: Any, transport: Any, relay_turn: Any, number: Any
) -> None:
    pk = send()
    relay_turn()
    StatusUpdate.objects.create(
        business_number=number, wamid=f"wamid.OUT{pk}", status="read", at=timezone.now(), message=None
    )
    assert settle_waiting() == 1
    assert status_of(pk) == "read"
    assert settle_waiting() == 0


def test_a_late_failure_of_an_earlier_attempt_does_not_fail_the_new_one(
    send: Any, transport: Any, relay_turn: Any, as_owner: Any, number: Any
) -> None:
    pk = send()
    transport.outcomes = [Unknown()]
    relay_turn()
    as_owner.post(f"/api/messages/{pk}/retry/")
    apply_status(number=number, wamid="wamid.OLD", status="failed", at=timezone.now(), message_key=str(pk))
    assert status_of(pk) == "queued"
    relay_turn()
    assert status_of(pk) == "sent"


def test_a_late_failure_of_an_earlier_attempt_that_comes_during_the_new_one(
    send: Any, transport: Any, relay_turn: Any, as_owner: Any, number: Any, customer: Any
) -> None:
    pk = send()
    transport.outcomes = [Unknown()]
    relay_turn()
    as_owner.post(f"/api/messages/{pk}/retry/")
    (job,) = Outbox().claim(10)
    error = {"code": 131026, "title": "Undeliverable", "detail": "", "retryable": False}
    apply_status(number=number, wamid="wamid.OLD", status="failed", at=timezone.now(), message_key=str(pk), error=error)
    Outbox().run(job)
    message = Message.objects.get(pk=pk)
    assert (message.status, message.wamid, message.error) == ("sent", f"wamid.OUT{pk}", None)
    assert recorded(customer) == ["uncertain", "queued", "failed", "sent"]
    apply_status(number=number, wamid=f"wamid.OUT{pk}", status="read", at=timezone.now())
    assert status_of(pk) == "read"


def test_an_unknown_status_is_kept_and_changes_nothing(send: Any, transport: Any, relay_turn: Any, number: Any) -> None:
    pk = send()
    relay_turn()
    apply_status(number=number, wamid=f"wamid.OUT{pk}", status="teleported", at=timezone.now())
    assert status_of(pk) == "sent"
    assert StatusUpdate.objects.filter(message=pk, status="teleported").exists()


def test_the_long_queue_of_one_number_does_not_hide_another(
    send: Any, transport: Any, relay_turn: Any, settings: Any, owner: Any, says: Any, customer: Any
) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 1
    for n in range(12):
        busy = Customer.objects.create(first_name=f"Busy {n}", owner=owner)
        says(busy)
        send("of many", to=busy)
    other = BusinessNumber.objects.create(external_id="1002")
    lonely = send("the only one")
    Message.objects.filter(pk=lonely).update(business_number=other)
    relay_turn()
    assert status_of(lonely) == "sent"
