"""Since when a customer waits for an answer, and what becomes of a chat at the desk."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from core.timestamps import iso
from customers.actions.locking import lock
from customers.actions.merge import merge_customers
from customers.actions.unmerge import undo_merge
from customers.models import Customer
from messaging.actions.message_changes import change_reaction, edit_message, revoke_message
from messaging.actions.receiving import receive_echo, receive_message, receive_notice
from messaging.actions.retrying import retry_message
from messaging.actions.sending import send_message
from messaging.actions.settling import settle_message
from messaging.actions.statuses import apply_status
from messaging.channels import Inbound, Rejected, Unknown
from messaging.models import BusinessNumber, Closing, Conversation, Message
from messaging.relay.wakings import Wakings
from tests.messaging.channel_double import FakeTransport
from tests.messaging.steps import Says

pytestmark = pytest.mark.django_db

Turn = Callable[[], int]


def since(customer: Customer) -> datetime | None:
    return Conversation.objects.get(customer=customer).waiting_since


def texts_of(client: APIClient, customer: Customer) -> list[str]:
    rows = client.get(f"/api/customers/{customer.pk}/messages/").json()["results"]
    return [row["text"] for row in sorted(rows, key=lambda row: row["ordered_at"])]


def last_text(client: APIClient, customer: Customer) -> str:
    return str(client.get(f"/api/customers/{customer.pk}/").json()["last_message"]["text"])


@pytest.fixture
def answer(customer: Customer, owner: User, transport: FakeTransport, relay_turn: Turn) -> Callable[..., Message]:
    def send(outcome: Exception | None = None) -> Message:
        transport.outcomes.append(outcome)
        message, _ = send_message(customer_id=customer.pk, actor=owner, text="Yes.")
        relay_turn()
        message.refresh_from_db()
        return message

    return send


@pytest.fixture
def echo(customer: Customer, number: BusinessNumber) -> Callable[..., None]:
    def tell(ago: timedelta = timedelta(0)) -> None:
        inbound = Inbound(wamid=f"wamid.E{Message.objects.count()}", type="text", text="ok", at=timezone.now() - ago)
        with transaction.atomic():
            receive_echo(customer=lock(customer.pk), number=number, inbound=inbound)

    return tell


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


class TestWaiting:
    def test_it_begins_with_the_first_message_and_ends_with_an_answer(
        self, customer: Customer, says: Says, answer: Any
    ) -> None:
        at = timezone.now() - minutes(9)
        says(customer, "hello?", at=at)
        says(customer, "anybody?", ago=minutes(5))
        assert since(customer) == at
        answer()
        assert since(customer) is None
        again = timezone.now().replace(microsecond=0)  # as Meta says it
        says(customer, "thanks, and", at=again)
        assert since(customer) == again

    def test_the_earliest_counts_whichever_arrives_first(self, customer: Customer, says: Says) -> None:
        at = timezone.now() - minutes(9)
        says(customer, "second", ago=minutes(5))
        says(customer, "first", at=at)
        assert since(customer) == at

    def test_a_time_in_the_future_counts_as_now(self, customer: Customer, says: Says) -> None:
        says(customer, at=timezone.now() + minutes(9))
        assert (since(customer) or timezone.now() + minutes(1)) <= timezone.now()

    def test_a_queued_a_failed_and_an_uncertain_answer_do_not_end_it(
        self, customer: Customer, owner: User, says: Says, answer: Any, transport: FakeTransport
    ) -> None:
        says(customer)
        before = since(customer)
        assert answer(Rejected(131026, "No", "")).status == "failed"
        assert answer(Unknown("?")).status == "uncertain"
        send_message(customer_id=customer.pk, actor=owner, text="queued")
        assert since(customer) == before is not None

    def test_an_uncertain_answer_ends_it_when_it_was_sent(
        self, customer: Customer, owner: User, says: Says, answer: Any, number: BusinessNumber
    ) -> None:
        says(customer)
        message = answer(Unknown("?"))
        status: Any = {"number": number, "wamid": "wamid.X", "message_key": str(message.pk), "at": timezone.now()}
        apply_status(status="delivered", **status)
        assert since(customer) is None
        says(customer)
        settle_message(message=answer(Unknown("?")), was_sent=True, actor=owner)
        assert since(customer) is None

    def test_one_that_fails_after_it_was_sent_was_no_answer(
        self, customer: Customer, says: Says, answer: Any, number: BusinessNumber
    ) -> None:
        says(customer)
        before = since(customer)
        message = answer()
        error = {"code": 131026, "title": "No", "detail": "", "retryable": False}
        apply_status(number=number, wamid=message.wamid or "", status="failed", at=timezone.now(), error=error)
        assert since(customer) == before is not None

    def test_what_is_written_while_an_answer_is_queued_is_covered(
        self, customer: Customer, owner: User, says: Says, transport: FakeTransport, relay_turn: Turn
    ) -> None:
        says(customer)
        send_message(customer_id=customer.pk, actor=owner, text="Yes.")
        says(customer, "hello?")
        relay_turn()
        assert since(customer) is None

    def test_what_arrives_late_was_not_seen_by_who_answered(self, customer: Customer, says: Says, answer: Any) -> None:
        says(customer, ago=minutes(9))
        answer()
        at = timezone.now() - minutes(5)
        says(customer, "late", at=at)
        assert since(customer) == at
        answer()
        assert since(customer) is None

    def test_the_phone_app_answers_too(self, customer: Customer, says: Says, echo: Any) -> None:
        says(customer)
        echo()
        assert since(customer) is None

    def test_an_echo_that_arrives_late_answers_what_was_before_it(
        self, customer: Customer, says: Says, echo: Any
    ) -> None:
        says(customer, ago=minutes(9))
        at = timezone.now() - minutes(3)
        says(customer, at=at)
        echo(ago=minutes(6))
        assert since(customer) == at
        says(customer, "later still", ago=minutes(7))  # the phone had it when it answered
        assert since(customer) == at

    def test_what_overtakes_an_echo_on_the_way_still_waits(
        self, customer: Customer, says: Says, echo: Any, as_owner: APIClient
    ) -> None:
        says(customer, "first", ago=timedelta(seconds=50))
        at = timezone.now() - timedelta(seconds=10)
        says(customer, "second", at=at)
        echo(ago=timedelta(seconds=20))
        assert since(customer) == at
        assert texts_of(as_owner, customer) == ["first", "ok", "second"]
        assert last_text(as_owner, customer) == "second"
        echo(ago=timedelta(seconds=5))
        assert since(customer) is None

    def test_what_an_echo_overtakes_on_the_way_is_answered(
        self, customer: Customer, says: Says, echo: Any, as_owner: APIClient
    ) -> None:
        says(customer, "first", ago=timedelta(seconds=50))
        echo(ago=timedelta(seconds=20))
        says(customer, "second", ago=timedelta(seconds=30))
        assert since(customer) is None
        assert texts_of(as_owner, customer) == ["first", "second", "ok"]
        assert last_text(as_owner, customer) == "ok"

    def test_what_comes_right_after_an_answer_was_not_seen_by_who_answered_at_the_desk(
        self, customer: Customer, says: Says, answer: Any
    ) -> None:
        says(customer, ago=timedelta(seconds=50))
        answer()
        at = timezone.now() - timedelta(seconds=30)
        says(customer, at=at)
        assert since(customer) == at

    def test_an_answer_that_is_sent_again_covers_what_was_written_before_that(
        self, customer: Customer, owner: User, number: BusinessNumber, says: Says, answer: Any, relay_turn: Turn
    ) -> None:
        says(customer)
        message = answer()
        first_sent_at, error = message.sent_at, {"code": 131026, "title": "Undeliverable"}
        apply_status(number=number, wamid=message.wamid, status="failed", at=timezone.now(), error=error)
        says(customer, "hello?")
        retried = retry_message(message=message, actor=owner)
        assert (retried.sent_at, since(customer) is not None) == (None, True)
        relay_turn()
        assert since(customer) is None
        assert Message.objects.get(pk=message.pk).sent_at > first_sent_at

    def test_reactions_edits_and_notices_change_nothing(
        self, customer: Customer, number: BusinessNumber, says: Says, answer: Any
    ) -> None:
        says(customer, wamid="wamid.A")
        before = since(customer)
        edit_message(number=number, wamid="wamid.A", edit_wamid="wamid.B", text="hi", at=timezone.now())
        change_reaction(number=number, wamid="wamid.A", by="business", emoji="x", at=timezone.now())
        assert since(customer) == before is not None
        answer()
        change_reaction(number=number, wamid="wamid.A", by="them", emoji="x", at=timezone.now())
        notice = Inbound(wamid="wamid.N", type="system", text="new number", at=timezone.now())
        with transaction.atomic():
            receive_notice(customer=lock(customer.pk), number=number, inbound=notice)
        assert since(customer) is None

    def test_our_reaction_is_no_answer(
        self, customer: Customer, owner: User, says: Says, transport: FakeTransport, relay_turn: Turn
    ) -> None:
        message = says(customer)
        content: Any = {"customer_id": customer.pk, "actor": owner, "type": "reaction", "payload": {"emoji": "👍"}}
        send_message(**content, reply_to=message)
        assert relay_turn() == 1
        assert since(customer) is not None

    def test_what_was_taken_back_needs_no_answer(self, customer: Customer, number: BusinessNumber, says: Says) -> None:
        says(customer, wamid="wamid.A", ago=minutes(9))
        at = timezone.now() - minutes(5)
        says(customer, wamid="wamid.B", at=at)
        revoke_message(number=number, wamid="wamid.A", at=timezone.now())
        assert since(customer) == at
        revoke_message(number=number, wamid="wamid.B", at=timezone.now())
        assert since(customer) is None

    def test_what_cannot_be_shown_waits(self, customer: Customer, number: BusinessNumber) -> None:
        inbound = Inbound(wamid="wamid.U", type="unsupported", text="", at=timezone.now())
        with transaction.atomic():
            receive_message(customer=lock(customer.pk), number=number, inbound=inbound)
        assert since(customer) == inbound.at

    def test_what_patter_sends_by_itself_is_no_answer(
        self, customer: Customer, owner: User, says: Says, transport: FakeTransport, relay_turn: Turn
    ) -> None:
        says(customer)
        send_message(customer_id=customer.pk, actor=owner, text="We are closed.")
        Message.objects.filter(direction="outbound").update(automatic=True)
        assert relay_turn() == 1
        assert since(customer) is not None

    def test_it_follows_the_messages_when_customers_are_merged(
        self, customer: Customer, owner: User, says: Says, answer: Any
    ) -> None:
        twin = Customer.objects.create(first_name="Johnny", owner=owner)
        at = timezone.now() - minutes(9)
        says(twin, at=at)
        later = timezone.now() - minutes(5)
        says(customer, at=later)
        merge = merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)
        assert since(customer) == at
        undo_merge(merge_id=merge.pk, actor=owner)
        assert (since(customer), since(twin)) == (later, at)

    def test_the_update_finds_out_who_waits(
        self, customer: Customer, owner: User, says: Says, answer: Any, echo: Any
    ) -> None:
        says(customer, ago=minutes(30))
        answer()
        says(customer, "late", ago=minutes(20))
        twin, silent = (Customer.objects.create(owner=owner) for _ in range(2))
        says(twin, ago=minutes(9))
        says(silent)
        Message.objects.filter(customer=silent).update(deleted_at=timezone.now())
        before = {customer.pk: since(customer), twin.pk: since(twin), silent.pk: None}
        Conversation.objects.update(waiting_since=None)
        import_module("messaging.migrations.0015_who_waits").look(apps, None)
        assert dict(Conversation.objects.values_list("customer", "waiting_since")) == before
        assert None not in (before[customer.pk], before[twin.pk])


class TestStates:
    def test_close_and_reopen(self, as_owner: APIClient, customer: Customer, owner: User, says: Says) -> None:
        says(customer)
        row = as_owner.post(f"/api/customers/{customer.pk}/close/").json()
        assert (row["state"], row["snoozed_until"]) == ("closed", None)
        assert row["waiting_since"] is not None
        assert row == as_owner.get(f"/api/customers/{customer.pk}/").json()
        event: Any = customer.events.last()
        by = {"id": owner.pk, "name": "Sam"}
        assert (event.type, event.data) == ("chat_state_changed", {"state": "closed", "snoozed_until": None, "by": by})
        assert Closing.objects.get().by == owner
        entry = AuditEntry.objects.latest("pk")
        assert (entry.verb, entry.changes) == ("chat_state_changed", {"state": {"old": "open", "new": "closed"}})

        assert as_owner.post(f"/api/customers/{customer.pk}/close/").json() == row  # nothing changed
        assert as_owner.post(f"/api/customers/{customer.pk}/reopen/").json()["state"] == "open"

    @pytest.mark.parametrize("act", ["close", "snooze"])
    def test_what_the_customer_writes_opens_the_chat(
        self, as_owner: APIClient, customer: Customer, says: Says, act: str
    ) -> None:
        says(customer, wamid="wamid.A")
        as_owner.post(f"/api/customers/{customer.pk}/{act}/", {"until": iso(timezone.now() + minutes(9))})
        assert says(customer, wamid="wamid.A") is None
        assert Conversation.objects.get().state != "open"
        says(customer)
        row = as_owner.get(f"/api/customers/{customer.pk}/").json()
        assert (row["state"], row["snoozed_until"]) == ("open", None)
        events = list(customer.events.order_by("-seq")[:2])
        assert [event.type for event in events] == ["chat_state_changed", "chat_message"]
        assert events[0].data == {"state": "open", "snoozed_until": None, "by": None}
        says(customer)
        assert customer.events.filter(type="chat_state_changed").count() == 2

    def test_a_snooze_ends(self, as_owner: APIClient, customer: Customer, says: Says) -> None:
        says(customer)
        until = timezone.now() + minutes(9)
        row = as_owner.post(f"/api/customers/{customer.pk}/snooze/", {"until": iso(until)}).json()
        assert (row["state"], row["snoozed_until"]) == ("snoozed", iso(until))
        assert Wakings().claim(1) == []
        Conversation.objects.update(snoozed_until=timezone.now())
        [job] = Wakings().claim(1)
        for _ in range(2):
            Wakings().run(job)
        row = as_owner.get(f"/api/customers/{customer.pk}/").json()
        assert (row["state"], row["snoozed_until"]) == ("open", None)
        data = [event.data for event in customer.events.filter(type="chat_state_changed")]
        assert [(one["state"], one["by"] is None) for one in data] == [("snoozed", False), ("open", True)]

    @pytest.mark.parametrize(
        ("until", "said"),
        [
            ("2020-01-01T00:00:00Z", "passed"),
            ("2999-01-01T00:00:00Z", "366 days"),
            ("0001-01-01T00:00:00Z", "passed"),
            ("soon", "wrong format"),
            (None, "null"),
        ],
    )
    def test_a_snooze_needs_a_time_to_come(
        self, as_owner: APIClient, customer: Customer, says: Says, until: str | None, said: str
    ) -> None:
        says(customer)
        response = as_owner.post(f"/api/customers/{customer.pk}/snooze/", {"until": until}, format="json")
        assert (response.status_code, said in str(response.json()["until"])) == (400, True)
        assert Conversation.objects.get().state == "open"
        assert not customer.events.filter(type="chat_state_changed").exists()

    @pytest.mark.parametrize("act", ["close", "reopen", "snooze", "unread"])
    def test_without_a_chat_or_a_right_nothing_happens(
        self, as_owner: APIClient, as_stranger: APIClient, customer: Customer, says: Says, act: str
    ) -> None:
        url, body = f"/api/customers/{customer.pk}/{act}/", {"until": iso(timezone.now() + minutes(9))}
        assert as_owner.post(url, body).status_code == 400
        says(customer)
        assert as_stranger.post(url, body).status_code == 404
        assert Conversation.objects.get().state == "open"
        assert not customer.events.exclude(type="chat_message").exists()

    def test_unread(self, as_owner: APIClient, customer: Customer, says: Says) -> None:
        says(customer, "one")
        newest = says(customer, "two")
        as_owner.post(f"/api/customers/{customer.pk}/read/")
        row = as_owner.post(f"/api/customers/{customer.pk}/unread/").json()
        assert row["unread_count"] == 1
        event: Any = customer.events.last()
        assert (event.type, event.data["message"], event.data["unread_count"]) == ("marked_unread", newest, 1)
        assert Message.objects.get(status="received").pk == newest
        as_owner.post(f"/api/customers/{customer.pk}/unread/")
        assert customer.events.filter(type="marked_unread").count() == 1
        assert as_owner.post(f"/api/customers/{customer.pk}/read/").json()["unread_count"] == 0
        assert not Message.objects.filter(status="received").exists()


class TestLists:
    @pytest.fixture
    def chats(self, owner: User, customer: Customer, number: BusinessNumber, says: Says) -> dict[str, Customer]:
        names = ("first", "second", "closed", "snoozed", "answered", "silent")
        made = {name: Customer.objects.create(first_name=name, owner=owner) for name in names}
        for hours, name in enumerate(("first", "second", "closed", "snoozed", "answered")):
            says(made[name], ago=timedelta(hours=23 - hours))
        states = Conversation.objects
        states.filter(customer=made["closed"]).update(state="closed")
        states.filter(customer=made["snoozed"]).update(state="snoozed", snoozed_until=timezone.now() + minutes(9))
        states.filter(customer=made["answered"]).update(waiting_since=None)
        return made

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=open", "answered second first"),
            ("state=closed", "closed"),
            ("state=snoozed", "snoozed"),
            ("waiting=true", "second first"),
            ("waiting=true&ordering=waiting_since", "first second"),
            ("waiting=true&ordering=-waiting_since", "second first"),
            ("ordering=waiting_since", "first second closed snoozed answered silent"),
            ("ordering=-waiting_since", "snoozed closed second first silent answered"),
            ("ordering=window_expires_at", "first second closed snoozed answered silent"),
            ("ordering=-window_expires_at", "answered snoozed closed second first silent"),
            ("window_closes_within=61", "first"),
            ("window_closes_within=121&state=open", "second first"),
            ("waiting=false", "answered snoozed closed silent"),
        ],
    )
    def test_filters_and_orders(
        self, as_owner: APIClient, chats: dict[str, Customer], query: str, expected: str
    ) -> None:
        chats_of_two: list[str] = []
        for page in (1, 2, 3):
            answer = as_owner.get(f"/api/customers/?{query}&search=&page={page}&page_size=3")
            if answer.status_code == 200:
                chats_of_two += [row["first_name"] for row in answer.json()["results"]]
        assert " ".join(name for name in chats_of_two if name != "John") == expected

    @pytest.mark.parametrize("query", ["state=done", "waiting=maybe", "window_closes_within=-1"])
    def test_nonsense_is_refused(self, as_owner: APIClient, query: str) -> None:
        answer = as_owner.get(f"/api/customers/?{query}")
        assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]])
