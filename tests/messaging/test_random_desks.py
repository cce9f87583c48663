"""300 random histories on desks where chats change hands: what the desk says is what its events say, added up anew."""

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.availability import set_availability
from accounts.models import User
from customers.actions.assignments import assign, claim, end_assignment
from customers.actions.customers import create_customer
from customers.actions.locking import lock
from customers.models import Assignment, Customer
from messaging.actions.automatic import send_away_message
from messaging.actions.chat_states import close_chat, mark_unread, reopen_chat, snooze_chat
from messaging.actions.message_changes import edit_message, revoke_message
from messaging.actions.reading import mark_read
from messaging.actions.receiving import receive_echo, receive_message
from messaging.actions.routing import route
from messaging.actions.sending import send_message
from messaging.actions.statuses import apply_status
from messaging.channels import Inbound, Rejected, Unknown
from messaging.errors import OutsideServiceWindow
from messaging.models import BusinessNumber, Conversation, Message, WorkingHours
from messaging.relay import outbox
from messaging.relay.results import accepted
from messaging.relay.routes import Routes
from messaging.relay.wakings import Wakings
from tests.desk.copies import wrong_copies
from tests.messaging import desk_log
from tests.messaging.channel_double import FakeTransport
from tests.messaging.desk_log import Chat, Week

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHATS, STEPS, BATCHES = 50, 600, 6
SENT = ("sent", "delivered", "read", "played")


class Desk:
    """Chats of a few salespeople on two numbers, and a clock that only moves when it is told to."""

    def __init__(self, people: dict[str, User], transport: FakeTransport, turn: Any, dice: random.Random) -> None:
        self.people, self.transport, self.turn, self.dice = people, transport, turn, dice
        self.sellers = [people[name] for name in ("owner", "stranger", "manager")]
        self.admin = people["admin"]
        self.now, self.count = MONDAY, 0
        self.numbers = [BusinessNumber.objects.create(external_id=str(n)) for n in (1, 2)]
        self.customers = [create_customer(actor=None, source="whatsapp") for _ in range(CHATS)]
        self.chats = {one.pk: Chat() for one in self.customers}
        self.last = self.customers[0].pk

    def act(self, name: str) -> None:
        """Do something in a chat, more often than not the same as before."""
        pk = self.last = self.last if self.dice.random() < 0.7 else self.dice.choice(self.customers).pk
        if name != "inbound" and not Conversation.objects.filter(customer=pk).exists():
            name = "inbound"
        getattr(self, name)(pk)

    def inbound(self, pk: int) -> None:
        number, said = self.dice.choice((*self.numbers, self.numbers[0])), self._said()
        with transaction.atomic():
            route(lock(pk))
            receive_message(customer=lock(pk), number=number, inbound=said)

    def echo(self, pk: int) -> None:
        number = Conversation.objects.get(customer=pk).business_number
        with transaction.atomic():
            receive_echo(customer=lock(pk), number=number, inbound=self._said())

    def _said(self) -> Inbound:
        self.count += 1
        at = (self.now - timedelta(minutes=self.dice.choice((0, 0, 0, 0.3, 2, 40)))).replace(microsecond=0)
        kind = self.dice.choice(("text", "text", "text", "text", "unsupported"))
        return Inbound(wamid=f"wamid.{self.count}", type=kind, text="hi", at=at)

    def answer(self, pk: int) -> None:
        owner = Customer.objects.get(pk=pk).owner
        try:
            send_message(customer_id=pk, actor=self.dice.choice((owner, self.admin)) or self.admin, text="Yes.")
        except OutsideServiceWindow:
            return

    def away_message(self, pk: int) -> None:
        send_away_message(customer_id=pk, text="We are closed.", closed_since=self.now - timedelta(hours=2))

    def relay(self, pk: int) -> None:
        outcomes = (None, None, None, Rejected(1, "No"), Unknown("?"))
        self.transport.outcomes = [self.dice.choice(outcomes) for _ in range(10)]
        self.turn()

    def status(self, pk: int) -> None:
        ours = Message.objects.filter(customer=pk, direction="outbound", status__in=("uncertain", *SENT))
        message = self.dice.choice(list(ours) or [None])
        if message is None:
            return
        status = self.dice.choice(("sent", "delivered", "read", "failed"))
        error = {"code": 1, "title": "No", "detail": "", "retryable": False} if status == "failed" else None
        wamid, at = message.wamid or f"wamid.OUT{message.pk}", self.now - timedelta(minutes=self.dice.choice((0, 3)))
        apply_status(
            number=message.business_number, wamid=wamid, message_key=str(message.pk), status=status, at=at, error=error
        )

    def edit(self, pk: int) -> None:
        if (one := self._theirs(pk)) is not None:
            wamid: Any = one.wamid
            edit_message(number=one.business_number, wamid=wamid, edit_wamid=f"{wamid}.e", text="ho", at=self.now)

    def take_back(self, pk: int) -> None:
        if (one := self._theirs(pk)) is not None:
            wamid: Any = one.wamid
            revoke_message(number=one.business_number, wamid=wamid, at=self.now)

    def _theirs(self, pk: int) -> Message | None:
        found: Message | None = self.dice.choice(list(Message.objects.filter(customer=pk, direction="inbound")))
        return found

    def close(self, pk: int) -> None:
        close_chat(customer_id=pk, actor=self.admin)

    def reopen(self, pk: int) -> None:
        reopen_chat(customer_id=pk, actor=self.admin)

    def snooze(self, pk: int) -> None:
        until = self.now + timedelta(minutes=self.dice.randint(1, 600))
        snooze_chat(customer_id=pk, until=until, actor=self.admin)

    def wake(self, pk: int) -> None:
        source = Wakings()
        for job in source.claim(1):
            source.run(job)

    def read(self, pk: int) -> None:
        mark_read(customer_id=pk, actor=self.admin)

    def unread(self, pk: int) -> None:
        if Message.objects.filter(customer=pk, direction="inbound", deleted_at=None).exists():
            mark_unread(customer_id=pk, actor=self.admin)

    def hand_over(self, pk: int) -> None:
        owner_id = Customer.objects.get(pk=pk).owner_id
        other = self.dice.choice([one for one in self.sellers if one.pk != owner_id])
        assign(customer_id=pk, salesperson=other, actor=self.admin)

    def let_go(self, pk: int) -> None:
        running = Assignment.objects.filter(customer=pk, ended_at=None).first()
        if running is not None:
            end_assignment(assignment=running, actor=self.admin)

    def claim(self, pk: int) -> None:
        nobodys = list(Customer.objects.filter(owner=None, conversation__isnull=False).values_list("pk", flat=True))
        pk, seller = self.dice.choice([pk, *nobodys]), self.dice.choice(self.sellers)
        owner_id = Customer.objects.get(pk=pk).owner_id
        if owner_id is None or owner_id == seller.pk:
            claim(customer_id=pk, actor=seller, asked_at=timezone.now())
            assert Customer.objects.get(pk=pk).owner_id == seller.pk
        elif owner_id not in seller.leads:
            with pytest.raises(Http404):
                claim(customer_id=pk, actor=seller, asked_at=timezone.now())

    def away(self, pk: int) -> None:
        seller = self.dice.choice(self.sellers)
        set_availability(user=seller, availability=self.dice.choice(("away", "away", "online")))

    def routes(self, pk: int) -> None:
        source = Routes()
        for job in source.claim(Routes.workers):
            source.run(job)

    def listen(self, client: APIClient) -> None:
        """Take in what the events say that came since."""
        for pk, chat in self.chats.items():
            more = True
            while more:
                page = client.get(f"/api/customers/{pk}/events/?after={chat.seq}").json()
                more = page["has_more"]
                for frame in page["results"]:
                    chat.take(frame)
            assert chat.seq == page["last_seq"]

    @property
    def written(self) -> list[Chat]:
        return [chat for chat in self.chats.values() if chat.messages]


ACTS = ("inbound",) * 12 + ("answer",) * 9 + ("relay",) * 9 + ("status",) * 4 + ("claim",) * 3 + (
    "echo", "echo", "edit", "take_back", "take_back", "close", "close", "reopen", "snooze", "wake", "read", "unread",
    "hand_over", "hand_over", "let_go", "let_go", "away", "routes", "routes", "away_message", "away_message",
)  # fmt: skip


def set_hours(numbers: list[BusinessNumber]) -> dict[int, Week]:
    """Hours of one number of its own, and others for all; as rows, and as plain ones by the id of the number."""
    office = {day: [["08:30", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    WorkingHours.objects.create(time_zone="Asia/Colombo", week=office)
    long = {day: [["06:00", "23:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    WorkingHours.objects.create(business_number=numbers[1], time_zone="UTC", week=long)
    return {
        numbers[0].pk: Week(timedelta(hours=5, minutes=30), time(8, 30), time(17), closed=(5, 6)),
        numbers[1].pk: Week(timedelta(0), time(6), time(23)),
    }


def check_chats(desk: Desk, said: Any) -> None:
    for one in Conversation.objects.select_related("customer"):
        chat = desk.chats[one.customer_id]
        found = (one.customer.owner_id, one.state, one.snoozed_until, one.unread_count, one.waiting_since)
        assert found == (chat.owner, *chat.state, chat.unread, chat.waiting_since()), (said, one.customer_id)
    assert not wrong_copies(), said


def check_counts(desk: Desk, clients: dict[str, APIClient], settings: Any, said: Any) -> None:
    soon = timedelta(minutes=settings.CLOSING_SOON_MINUTES)
    for name, client in clients.items():
        whose = None if name == "admin" else [*desk.people[name].desk_owners, None]
        expected = desk_log.counts(desk.written, desk.now, whose=whose, soon=soon)
        assert client.get("/api/desk/counts/").json() == expected, (said, name)


def check_reports(desk: Desk, clients: dict[str, APIClient], weeks: dict[int, Week], said: Any) -> None:
    teams = dict(User.objects.values_list("pk", "team"))
    keys = {
        "owner": lambda owner, number, at: owner,
        "team": lambda owner, number, at: teams.get(owner),
        "number": lambda owner, number, at: number,
        "day": lambda owner, number, at: at.date().isoformat(),
    }
    told = list(desk_log.all_of(desk.written))
    middle = MONDAY + (desk.now - MONDAY) / 3, MONDAY + (desk.now - MONDAY) / 2
    for begin, end in ((MONDAY - timedelta(days=1), desk.now + timedelta(days=1)), middle):
        for name, client in clients.items():
            whose = None if name == "admin" else desk.people[name].desk_owners
            for by, key in keys.items():
                asked = {"from": begin.isoformat(), "to": end.isoformat(), "by": by}
                rows = client.get("/api/reports/response-times/", asked).json()["rows"]
                expected = desk_log.report(told, weeks, key, period=(begin, end), whose=whose)
                found = {row.pop("key")["id"]: row for row in rows}
                assert found.keys() == expected.keys(), (said, name, by)
                for of, row in expected.items():
                    for figure, value in row.items():
                        assert found[of][figure] == pytest.approx(value), (said, name, by, of, figure)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_desks(
    admin: User, owner: User, stranger: User, manager: User, as_admin: APIClient, as_owner: APIClient,
    as_stranger: APIClient, as_manager: APIClient, transport: FakeTransport, relay_turn: Any, settings: Any,
    monkeypatch: pytest.MonkeyPatch, batch: int,
) -> None:  # fmt: skip
    settings.SALES_SEE_UNASSIGNED, settings.RETURN_AFTER_MINUTES = True, 30
    settings.ASSIGNMENT_STRATEGY = ("round_robin", "least_busy", "manual")[batch % 3]
    settings.MAX_OPEN_CHATS = (0, 12)[batch % 2]
    # The clock that a result was made with stands in its class.
    monkeypatch.setattr(outbox, "accepted", lambda *of: replace(accepted(*of), at=timezone.now()))
    people = {"admin": admin, "owner": owner, "stranger": stranger, "manager": manager}
    clients = {"admin": as_admin, "owner": as_owner, "stranger": as_stranger, "manager": as_manager}
    dice = random.Random(batch)
    desk = Desk(people, transport, relay_turn, dice)
    monkeypatch.setattr(timezone, "now", lambda: desk.now)
    weeks = set_hours(desk.numbers)
    for step in range(1, STEPS + 1):
        desk.now += timedelta(seconds=dice.choice((0.3, 0.4, 7, 20, 90, 600, 4000)))
        if step % 100 == 0:
            desk.now += timedelta(hours=dice.choice((14, 22, 23)))
        desk.act(dice.choice(ACTS))
        if step % 150 == 0:
            desk.listen(as_admin)
            check_chats(desk, (batch, step))
            check_counts(desk, clients, settings, (batch, step))
    check_reports(desk, clients, weeks, batch)
