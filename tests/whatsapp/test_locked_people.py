"""Webhooks about people whose row somebody else holds wait for the relay; everybody else's do not."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from core.db.patience import Waits, process_waits, use_in_process
from customers.models import Customer
from messaging.actions.statuses import settle_waiting
from messaging.models import BusinessNumber, Direction, Message, Status, StatusUpdate
from tests.core.rivals import holding
from tests.webhooks import PHONE_NUMBER_ID, change, drain, envelope, says, settle, status, text
from whatsapp.models import Identity, WebhookEvent, WebhookState
from whatsapp.payload.elements import Element
from whatsapp.payload.envelope import parse
from whatsapp.sandbox.webhook_bodies import as_body
from whatsapp.webhook import handlers, locked, queue
from whatsapp.webhook.locked import FORGET_SECONDS, LockedPeople, locked_people
from whatsapp.webhook.queue import WebhookQueue

ANN, BOB, CYD = "94770000001", "94770000002", "94770000003"


def element_of(wa_id: str) -> Element:
    (element,) = parse(as_body(says(text(f"wamid.{wa_id}", wa_id=wa_id))))
    return element


class TestLockedPeople:
    def test_later_webhooks_about_them_wait_and_earlier_ones_and_others_do_not(self) -> None:
        people, ann, bob = LockedPeople(), element_of(ANN), element_of(BOB)
        assert not people.must_wait(2, ann)
        people.held(2, ann)
        assert people.must_wait(3, ann)
        assert not people.must_wait(3, bob)
        assert not people.must_wait(2, ann), "it is the one that finds out"
        assert not people.must_wait(1, ann)

    def test_the_next_one_has_its_turn_when_the_first_was_handled(self) -> None:
        people, ann = LockedPeople(), element_of(ANN)
        people.held(1, ann)
        assert people.must_wait(2, ann)
        assert people.must_wait(3, ann)
        people.handled(1, ann)
        assert people.must_wait(3, ann)
        assert not people.must_wait(2, ann)
        people.handled(2, ann)
        people.handled(3, ann)
        assert not people.must_wait(4, ann)

    def test_what_another_process_handled_does_not_count_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        people, ann, now = LockedPeople(), element_of(ANN), [100.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        people.held(1, ann)
        now[0] += FORGET_SECONDS
        assert not people.must_wait(5, ann), "one looks again"
        assert people.must_wait(6, ann), "and only one"


@pytest.mark.django_db
class TestBusy:
    """Whatever the database is: one customer cannot be locked."""

    @pytest.fixture
    def busy(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
        """Whoever is in the set is held by somebody else."""
        held: set[str] = set()
        plain = handlers.sender_of

        def sender_of(sender: Any, *args: Any, **options: Any) -> Any:
            if sender.wa_id in held:
                raise OperationalError("database is locked")
            return plain(sender, *args, **options)

        monkeypatch.setattr(handlers, "sender_of", sender_of)
        return held

    def test_only_their_part_of_a_webhook_waits(
        self, post: Any, busy: set[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queue, "PAUSE_SECONDS", 60)
        busy.add(ANN)
        messages = [text("wamid.b", wa_id=BOB), text("wamid.a1", wa_id=ANN), text("wamid.c", wa_id=CYD)]

        assert post(says(*messages, text("wamid.a2", wa_id=ANN))).status_code == 200

        assert set(Message.objects.values_list("wamid", flat=True)) == {"wamid.b", "wamid.c"}
        event = WebhookEvent.objects.get()
        assert (event.state, event.elements, event.error, event.attempts) == (WebhookState.PENDING, 1, "", 0)
        assert drain() == 0, "the relay leaves it alone for a moment"

        busy.clear()
        WebhookEvent.objects.update(not_before=timezone.now())
        settle()
        assert list(Message.objects.order_by("pk").values_list("wamid", flat=True)) == [
            "wamid.b",
            "wamid.c",
            "wamid.a1",
            "wamid.a2",
        ]
        event.refresh_from_db()
        assert (event.state, event.elements, event.error) == (WebhookState.DONE, 4, "")
        assert event.customers.count() == 3

    def test_their_later_messages_do_not_get_ahead(self, post: Any, busy: set[str]) -> None:
        busy.add(ANN)
        post(says(text("wamid.1", wa_id=ANN)))
        busy.clear()
        post(says(text("wamid.2", wa_id=ANN)))
        post(says(text("wamid.other", wa_id=BOB)))
        assert Message.objects.get().wamid == "wamid.other"
        settle()
        inbound = Message.objects.filter(customer__phone=f"+{ANN}").order_by("pk")
        assert list(inbound.values_list("wamid", flat=True)) == ["wamid.1", "wamid.2"]
        assert post(says(text("wamid.3", wa_id=ANN))).status_code == 200
        assert Message.objects.filter(wamid="wamid.3").exists(), "it waits for nobody any more"

    def test_waiting_costs_no_attempt_however_long_it_takes(
        self, post: Any, busy: set[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queue, "PAUSE_SECONDS", 0.001)
        busy.add(ANN)
        post(says(text("wamid.1", wa_id=ANN)))
        for _ in range(2 * WebhookEvent.MAX_ATTEMPTS):
            time.sleep(0.002)
            (job,) = locked_jobs()
            assert job.state == WebhookState.PENDING
            assert job.attempts == 0
        busy.clear()
        settle()
        assert Message.objects.get().wamid == "wamid.1"

    def test_a_broken_element_is_reported_once(self, post: Any, busy: set[str]) -> None:
        busy.add(ANN)
        broken = {"from": BOB, "type": "text"}
        post(says(text("wamid.1", wa_id=ANN), broken))
        busy.clear()
        settle(2)
        event = WebhookEvent.objects.get()
        assert event.state == WebhookState.FAILED
        assert len(event.error.splitlines()) == 1
        assert Message.objects.count() == 1


def locked_jobs() -> list[WebhookEvent]:
    """The events after the relay had a look at them."""
    source = WebhookQueue()
    for job in source.claim(10):
        source.run(job)
    return list(WebhookEvent.objects.all())


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="locks rows")
@pytest.mark.django_db(transaction=True)
class TestRows:
    @pytest.fixture(autouse=True)
    def _quick(self, settings: Any) -> Iterator[None]:
        settings.WEBHOOK_LOCK_TIMEOUT = 0.2
        before = process_waits()
        use_in_process(Waits(lock=0.5, statement=20, idle=20))
        connection.close()
        yield
        use_in_process(before)
        connection.close()

    @pytest.mark.parametrize("how", ["FOR UPDATE", "FOR NO KEY UPDATE"])
    def test_a_message_of_somebody_held_is_there_after_the_release(self, post: Any, how: str) -> None:
        post(says(text("wamid.hello", wa_id=ANN)))
        ann = Customer.objects.get()
        with holding("customers_customer", ann.pk, how):
            answers = [post(says(text(f"wamid.{n}", wa_id=ANN), text(f"wamid.bob{n}", wa_id=BOB))) for n in range(5)]
            assert {answer.status_code for answer in answers} == {200}
            assert Message.objects.filter(wamid__startswith="wamid.bob").count() == 5
            drain()
            assert Message.objects.filter(customer=ann).count() == 1
        settle()
        wamids = Message.objects.filter(customer=ann).order_by("pk").values_list("wamid", flat=True)
        assert list(wamids) == ["wamid.hello", *(f"wamid.{n}" for n in range(5))]
        assert not WebhookEvent.objects.exclude(state=WebhookState.DONE).exists()

    def test_their_statuses_wait_and_those_of_others_do_not(self, post: Any) -> None:
        for wa_id in (ANN, BOB):
            post(says(text(f"wamid.hello{wa_id}", wa_id=wa_id)))
        number = BusinessNumber.objects.get(external_id=PHONE_NUMBER_ID)
        sent = {
            identity.wa_id: Message.objects.create(
                customer=identity.customer,
                business_number=number,
                direction=Direction.OUTBOUND,
                status=Status.SENT,
                wamid=f"wamid.out{identity.wa_id}",
            )
            for identity in Identity.objects.all()
        }
        with holding("customers_customer", sent[ANN].customer_id):
            body = envelope(
                change(statuses=[status(f"wamid.out{one}", "delivered", recipient_id=one) for one in (ANN, BOB)])
            )
            assert post(body).status_code == 200
            assert Message.objects.get(pk=sent[BOB].pk).status == Status.DELIVERED
            assert Message.objects.get(pk=sent[ANN].pk).status == Status.SENT
        settle()
        assert Message.objects.get(pk=sent[ANN].pk).status == Status.DELIVERED

    def test_waiting_statuses_of_others_are_applied(self, post: Any) -> None:
        for wa_id in (ANN, BOB):
            post(says(text(f"wamid.hello{wa_id}", wa_id=wa_id)))
        number = BusinessNumber.objects.get(external_id=PHONE_NUMBER_ID)
        bodies = [
            status(f"wamid.out{wa_id}{n}", "delivered", recipient_id=wa_id) for wa_id in (ANN, BOB) for n in range(3)
        ]
        post(envelope(change(statuses=bodies)))
        assert StatusUpdate.objects.waiting().count() == 6
        for identity in Identity.objects.all():
            for n in range(3):
                Message.objects.create(
                    customer=identity.customer,
                    business_number=number,
                    direction=Direction.OUTBOUND,
                    status=Status.SENT,
                    wamid=f"wamid.out{identity.wa_id}{n}",
                )
        ann = Identity.objects.get(wa_id=ANN).customer_id
        with holding("customers_customer", ann):
            began = time.monotonic()
            settle_waiting()
            assert time.monotonic() - began < 5
            assert StatusUpdate.objects.waiting().count() == 3
        settle_waiting()
        assert StatusUpdate.objects.waiting().count() == 0
        assert set(Message.objects.filter(direction=Direction.OUTBOUND).values_list("status", flat=True)) == {
            "delivered"
        }


def test_nobody_is_left_over_from_another_test() -> None:
    assert not locked_people.must_wait(10**9, element_of(ANN))
    assert locked.PAUSE_SECONDS < FORGET_SECONDS
