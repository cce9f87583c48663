"""Away messages: once in each closed period, to whoever writes and can be told."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.merge import merge_customers
from customers.models import Customer
from messaging.models import BusinessNumber, Conversation, Message, WorkingHours
from messaging.relay import away
from messaging.relay.away import AwayMessages
from messaging.relay.overdue import Overdue
from tests.messaging.channel_double import FakeTransport
from tests.messaging.office import MONDAY, OFFICE, WHOLE_WEEK, run
from tests.messaging.steps import Says


@pytest.mark.django_db
class TestAwayMessages:
    @pytest.fixture(autouse=True)
    def office(self, db: None) -> None:
        WorkingHours.objects.create(**OFFICE)

    def test_once_in_each_closed_period(
        self, customer: Customer, says: Says, clock: Any, transport: FakeTransport, relay_turn: Any,
        as_admin: APIClient, settings: Any,
    ) -> None:  # fmt: skip
        clock(MONDAY + timedelta(hours=12))
        says(customer)
        assert run(AwayMessages()) == 0
        clock(MONDAY + timedelta(hours=20))
        assert run(AwayMessages()) == 0  # they wrote while it was open
        for minute in (1, 2):
            clock(MONDAY + timedelta(hours=20, minutes=minute))
            says(customer, "anybody?")
            run(AwayMessages())
            run(AwayMessages())
        [message] = Message.objects.filter(direction="outbound")
        assert (message.text, message.automatic, message.sender, message.status) == (
            "We are back at nine.", True, None, "queued",
        )  # fmt: skip
        event: Any = customer.events.get(data__id=message.pk)
        assert (event.type, event.data["automatic"], event.data["sender"], event.actor) == (
            "chat_message", True, None, None,
        )  # fmt: skip
        assert relay_turn() == 1
        message.refresh_from_db()
        assert message.status == "sent"
        chat = Conversation.objects.get()
        assert (chat.waiting_since, chat.unread_count) == (MONDAY + timedelta(hours=12), 3)
        clock(MONDAY + timedelta(days=1, hours=8))
        says(customer)
        assert run(AwayMessages()) == 0  # the same night
        clock(MONDAY + timedelta(days=1, hours=19))
        says(customer)
        assert run(AwayMessages()) == 1
        assert Message.objects.filter(automatic=True).count() == 2

    def test_a_number_can_have_its_own(self, customer: Customer, says: Says, clock: Any, number: Any) -> None:
        hours = WorkingHours.objects.create(business_number=number, time_zone="UTC", week=WHOLE_WEEK)
        clock(MONDAY + timedelta(hours=20))
        says(customer)
        assert run(AwayMessages()) == 0
        hours.delete()
        WorkingHours.objects.update(away_message="")
        assert run(AwayMessages()) == 0

    def test_who_cannot_be_told_any_more_keeps_nobody_else_waiting(
        self, customer: Customer, owner: User, says: Says, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(away, "_AT_ONCE", 1)
        other = Customer.objects.create(first_name="Ann", owner=owner)
        elsewhere = BusinessNumber.objects.create(external_id="2")
        WorkingHours.objects.create(**{**OFFICE, "business_number": elsewhere})
        clock(MONDAY + timedelta(days=5, hours=1))
        says(customer)
        clock(MONDAY + timedelta(days=6, hours=2))  # their window has closed, and the desk has not opened since
        says(other)
        third = Customer.objects.create(first_name="Eve", owner=owner)
        says(third)
        Conversation.objects.filter(customer=third).update(business_number=elsewhere)
        for _ in range(3):
            run(AwayMessages())
        told = Message.objects.filter(automatic=True).values_list("customer", flat=True)
        assert set(told) == {other.pk, third.pk}

    def test_a_number_that_cannot_send_keeps_nobody_waiting(
        self, customer: Customer, owner: User, number: BusinessNumber, says: Says, clock: Any, settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(away, "_AT_ONCE", 1)
        settings.WHATSAPP_SANDBOX = False
        settings.WHATSAPP_PHONE_NUMBER_ID = "2"
        connected = BusinessNumber.objects.create(external_id="2")
        other = Customer.objects.create(first_name="Ann", owner=owner)
        clock(MONDAY + timedelta(hours=20))
        says(customer)
        clock(MONDAY + timedelta(hours=21))
        says(other)
        Conversation.objects.filter(customer=other).update(business_number=connected)
        for _ in range(3):
            run(AwayMessages())
        assert [message.customer for message in Message.objects.filter(automatic=True)] == [other]

    def test_nobody_is_told_again_who_was_merged(
        self, customer: Customer, owner: User, says: Says, clock: Any, settings: Any
    ) -> None:
        settings.FIRST_RESPONSE_MINUTES = 5
        WorkingHours.objects.update(week=WHOLE_WEEK)
        clock(MONDAY + timedelta(hours=19))
        says(customer)
        clock(MONDAY + timedelta(hours=20))
        assert run(Overdue()) == 1
        WorkingHours.objects.update(week=OFFICE["week"])
        says(customer)
        assert run(AwayMessages()) == 1
        other = Customer.objects.create(first_name="Ann", owner=owner)
        merge_customers(gone_id=customer.pk, into_id=other.pk, actor=owner)
        says(Customer.objects.get(pk=other.pk), "again")
        WorkingHours.objects.update(week=WHOLE_WEEK)
        assert run(Overdue()) == 0
        WorkingHours.objects.update(week=OFFICE["week"])
        assert run(AwayMessages()) == 0

    def test_nobody_is_told_who_was_blocked_meanwhile(self, customer: Customer, says: Says, clock: Any) -> None:
        clock(MONDAY + timedelta(hours=20))
        says(customer)
        [job] = AwayMessages().claim(1)
        Customer.objects.update(blocked_at=timezone.now())
        AwayMessages().run(job)
        assert run(AwayMessages()) == 0
        assert not Message.objects.filter(direction="outbound").exists()

    def test_nobody_is_told_who_has_an_answer_or_whose_window_is_closed(
        self, customer: Customer, says: Says, clock: Any
    ) -> None:
        clock(MONDAY + timedelta(days=5, hours=1))
        says(customer)
        clock(MONDAY + timedelta(days=6, hours=2))
        run(AwayMessages())
        Conversation.objects.update(waiting_since=None, last_inbound_at=timezone.now())
        run(AwayMessages())
        assert not Message.objects.filter(direction="outbound").exists()
