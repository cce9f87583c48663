"""The front page of Django admin: the figures of the day, each with the list behind it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.sessions import sign_in
from accounts.models import User
from config.front_page import front_page
from customers.models import Customer
from messaging.actions.answering import look_who_waits
from messaging.models import BusinessNumber, Conversation, Message
from whatsapp.models import WebhookEvent

pytestmark = pytest.mark.django_db
INDEX = "/admin/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def number() -> BusinessNumber:
    return BusinessNumber.objects.create(external_id="111", display="+94 11 111 1111")


def says(customer: Customer, number: BusinessNumber, ago: float, **fields: Any) -> Message:
    """A message of so many seconds ago, the newest of its chat."""
    at = timezone.now() - timedelta(seconds=ago)
    fields = {"direction": "inbound", "status": "received", "type": "text", "text": "Hello", **fields}
    message = Message.objects.create(customer=customer, business_number=number, ordered_at=at, created_at=at, **fields)
    Conversation.objects.update_or_create(
        customer=customer, defaults={"business_number": number, "last_message": message}
    )
    look_who_waits(customer.pk)
    return message


def figure(label: str) -> Any:
    return next(one for one in front_page()["figures"] if one.label == label)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some hours into the day, so that what was some minutes ago was today."""
    at = timezone.now().replace(hour=12, minute=30)
    monkeypatch.setattr(timezone, "now", lambda: at)


@pytest.mark.usefixtures("noon")
class TestFigures:
    def test_nothing_to_do(self, desk: Client) -> None:
        page = desk.get(INDEX).content.decode()

        for shown in ("everybody has an answer", "all numbers send", "no message is in doubt", "all are handled"):
            assert shown in page, shown
        assert "patter-bad" not in page

    def test_who_waits(self, customer: Customer, number: BusinessNumber, owner: User) -> None:
        says(customer, number, 600)
        assert (figure("Waiting for an answer").value, figure("Waiting for an answer").detail) == (
            "1",
            "the oldest for 10\xa0minutes",
        )

        says(customer, number, 60, direction="outbound", status="sent", sender=owner)

        assert figure("Waiting for an answer").value == "0"
        assert figure("Response time today").value == "9 min"

    def test_what_nobody_wrote_is_no_answer(self, customer: Customer, number: BusinessNumber) -> None:
        says(customer, number, 600)
        says(customer, number, 60, direction="outbound", status="sent", sender=None)

        assert figure("Response time today").value == "-"

    def test_the_wait_begins_with_the_first_message(
        self, customer: Customer, number: BusinessNumber, owner: User
    ) -> None:
        for ago in (1_200, 900, 700):
            says(customer, number, ago)
        says(customer, number, 600, direction="outbound", status="sent", sender=owner)
        says(customer, number, 500, direction="outbound", status="sent", sender=owner)

        found = figure("Response time today")

        assert (found.value, found.detail) == ("10 min", "one answer")

    def test_what_did_not_go_out(self, customer: Customer, number: BusinessNumber) -> None:
        for status in ("failed", "failed", "uncertain", "queued"):
            says(customer, number, 60, direction="outbound", status=status)
        says(customer, number, 3 * 86_400, direction="outbound", status="failed")

        assert [figure(label).value for label in ("Failed today", "Uncertain", "On their way out")] == ["2", "1", "1"]
        assert figure("Failed today").bad
        assert figure("Uncertain").bad

    def test_a_paused_number_says_why(self, number: BusinessNumber) -> None:
        BusinessNumber.objects.update(pause_kind="unreachable", reason="No route to Meta")

        found = figure("Paused numbers")

        assert (found.value, found.bad) == ("1", True)
        assert found.detail == "+94 11 111 1111: No route to Meta (until a message gets through)"

    def test_webhooks(self) -> None:
        for state in ("failed", "pending", "done"):
            WebhookEvent.objects.create(body=b"{}", state=state)

        assert (figure("Webhooks failed").value, figure("Webhooks pending").value) == ("1", "1")

    def test_who_is_there(self, owner: User, stranger: User, customer: Customer) -> None:
        sign_in(user=owner)
        sign_in(user=owner)
        gone = sign_in(user=stranger).session
        gone.last_seen_at -= timedelta(hours=1)
        gone.save()

        found = figure("Who is there")

        assert (found.value, found.detail) == ("1", owner.username)

    def test_each_is_a_link_to_what_it_counts(
        self, desk: Client, customer: Customer, number: BusinessNumber, owner: User
    ) -> None:
        says(customer, number, 600)
        says(customer, number, 86_400 * 3, direction="outbound", status="failed")
        says(customer, number, 300, direction="outbound", status="failed", sender=owner)
        says(customer, number, 200, direction="outbound", status="uncertain", sender=owner)
        says(customer, number, 100)
        sign_in(user=owner)
        BusinessNumber.objects.update(pause_kind="unreachable")
        WebhookEvent.objects.create(body=b"{}", state="failed")

        for one in front_page()["figures"]:
            page = desk.get(one.link).content.decode()
            if one.label not in ("Response time today", "On their way out"):
                counted = re.search(r'<p class="paginator">\s*(?:<[^>]*>\s*)*(\d+) ', page)
                assert counted is not None, one.label
                assert counted[1] == one.value, one.label


@pytest.mark.usefixtures("noon")
def test_the_chart_has_a_text_and_a_table(desk: Client, customer: Customer, number: BusinessNumber) -> None:
    says(customer, number, 60)
    says(customer, number, 90)
    says(customer, number, 120, direction="outbound", status="sent")

    page = desk.get(INDEX).content.decode()

    assert "2 in and 1 out; at most 2 in one hour" in page
    assert page.count('<rect class="patter-') == 2
    assert '<th scope="row">12:00</th><td>2</td><td>1</td>' in page
    assert '<th scope="row">13:00</th>' not in page


def test_nothing_is_inline(desk: Client) -> None:
    page = desk.get(INDEX).content.decode()

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


def statements(desk: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert desk.get(INDEX).status_code == 200
    return len(captured)


def test_it_costs_the_same_whatever_there_is(desk: Client, owner: User, number: BusinessNumber) -> None:
    desk.get(INDEX)  # what is looked up once
    few = statements(desk)

    for n in range(40):
        person = Customer.objects.create(first_name=f"Customer {n}", owner=owner)
        says(person, number, 60 + n)
        says(person, number, 30, direction="outbound", status=("failed", "uncertain", "queued", "sent")[n % 4])
        BusinessNumber.objects.create(external_id=f"n{n}", pause_kind="unreachable", reason="No route")
        WebhookEvent.objects.create(body=b"{}", state="failed")
        user = User.objects.create_user(f"seller{n}", f"seller{n}@desk.example", role="sales")
        sign_in(user=user)

    assert statements(desk) == few
    assert few <= 20
