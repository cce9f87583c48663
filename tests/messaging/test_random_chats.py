"""300 random histories: who waits since when is what the rule says in plain Python, and states are as they were set."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from customers.actions.assignments import assign
from customers.actions.locking import lock
from customers.models import Customer
from messaging.actions.chat_states import close_chat, mark_unread, reopen_chat, snooze_chat
from messaging.actions.message_changes import edit_message, revoke_message
from messaging.actions.reading import mark_read
from messaging.actions.receiving import receive_echo, receive_message
from messaging.actions.sending import send_message
from messaging.actions.statuses import apply_status
from messaging.channels import Inbound, Rejected, Unknown
from messaging.desk.counts import desk_counts
from messaging.errors import OutsideServiceWindow
from messaging.models import BusinessNumber, Conversation, Message
from messaging.relay import outbox
from messaging.relay.results import accepted
from messaging.relay.wakings import Wakings
from tests.messaging.channel_double import FakeTransport

pytestmark = pytest.mark.django_db

SENT = ("sent", "delivered", "read", "played")


def waiting_since(messages: list[Message]) -> datetime | None:
    """The rule, word for word (docs/decisions/025-who-waits.md)."""
    answers = [
        one
        for one in messages
        if one.direction == "outbound" and one.status in SENT and one.type != "reaction" and not one.automatic
    ]
    said = [one for one in messages if one.direction == "inbound" and one.deleted_at is None and one.type == "text"]
    waits = [one for one in said if not any(covers(answer, one) for answer in answers)]
    return min((min(one.created_at, one.ordered_at) for one in waits), default=None)


def covers(answer: Message, said: Message) -> bool:
    if answer.sender_id is None:
        return answer.ordered_at >= said.ordered_at
    if said.created_at == said.ordered_at:  # it arrived late
        return answer.pk > said.pk
    sent_at = answer.sent_at or answer.delivered_at or answer.read_at or answer.ordered_at
    return max(sent_at, answer.ordered_at) >= said.ordered_at


class World:
    """One chat, and a clock that only moves when it is told to."""

    def __init__(self, customer: Customer, sellers: list[User], number: BusinessNumber, transport: Any, turn: Any):
        self.customer, self.sellers, self.number, self.transport, self.turn = customer, sellers, number, transport, turn
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.state: tuple[str, datetime | None] = ("open", None)
        self.count = 0

    def inbound(self, dice: random.Random) -> None:
        with transaction.atomic():
            receive_message(customer=lock(self.customer.pk), number=self.number, inbound=self._said(dice))
        self.state = ("open", None)

    def echo(self, dice: random.Random) -> None:
        with transaction.atomic():
            receive_echo(customer=lock(self.customer.pk), number=self.number, inbound=self._said(dice))

    def _said(self, dice: random.Random) -> Inbound:
        self.count += 1
        at = self.now - timedelta(minutes=dice.choice((0, 0, 0, 0.3, 2, 5, 40)))
        wamid = f"wamid.{self.customer.pk}.{self.count}"
        return Inbound(wamid=wamid, type="text", text="hi", at=at.replace(microsecond=0))

    def answer(self, dice: random.Random) -> None:
        owner = User.objects.get(pk=Customer.objects.get(pk=self.customer.pk).owner_id)
        try:
            send_message(customer_id=self.customer.pk, actor=owner, text="Yes.")
        except OutsideServiceWindow:
            return
        if dice.random() < 0.2:
            Message.objects.filter(pk=Message.objects.latest("pk").pk).update(automatic=True)

    def relay(self, dice: random.Random) -> None:
        self.transport.outcomes = [dice.choice((None, None, None, Rejected(1, "No"), Unknown("?")))]
        self.turn()

    def status(self, dice: random.Random) -> None:
        ours = Message.objects.filter(customer=self.customer, status__in=("uncertain", *SENT), sender__isnull=False)
        message = dice.choice(list(ours) or [None])
        if message is None:
            return
        at = self.now - timedelta(minutes=dice.choice((0, 0, 3)))
        status = dice.choice(("sent", "delivered", "failed"))
        wamid = message.wamid or f"wamid.OUT{message.pk}"
        error = {"code": 1, "title": "No", "detail": "", "retryable": False} if status == "failed" else None
        apply_status(number=self.number, wamid=wamid, message_key=str(message.pk), status=status, at=at, error=error)

    def edit(self, dice: random.Random) -> None:
        self._change(dice, lambda wamid: edit_message(
            number=self.number, wamid=wamid, edit_wamid=f"{wamid}.{self.count}", text="ho", at=self.now
        ))  # fmt: skip

    def revoke(self, dice: random.Random) -> None:
        self._change(dice, lambda wamid: revoke_message(number=self.number, wamid=wamid, at=self.now))

    def _change(self, dice: random.Random, change: Callable[[str], Any]) -> None:
        inbound = Message.objects.filter(customer=self.customer, direction="inbound").values_list("wamid", flat=True)
        if wamids := list(inbound):
            change(dice.choice(wamids))

    def close(self, dice: random.Random) -> None:
        close_chat(customer_id=self.customer.pk, actor=self.sellers[0])
        self.state = ("closed", None)

    def reopen(self, dice: random.Random) -> None:
        reopen_chat(customer_id=self.customer.pk, actor=self.sellers[0])
        self.state = ("open", None)

    def snooze(self, dice: random.Random) -> None:
        until = self.now + timedelta(minutes=dice.randint(1, 200))
        snooze_chat(customer_id=self.customer.pk, until=until, actor=self.sellers[0])
        self.state = ("snoozed", until)

    def wake(self, dice: random.Random) -> None:
        source = Wakings()
        for job in source.claim(1):
            source.run(job)
        if self.state[1] is not None and self.state[1] <= self.now:
            self.state = ("open", None)

    def read(self, dice: random.Random) -> None:
        mark_read(customer_id=self.customer.pk, actor=self.sellers[0])

    def unread(self, dice: random.Random) -> None:
        if Message.objects.filter(customer=self.customer, direction="inbound", deleted_at=None).exists():
            mark_unread(customer_id=self.customer.pk, actor=self.sellers[0])

    def hand_over(self, dice: random.Random) -> None:
        owner_id = Customer.objects.values_list("owner_id", flat=True).get(pk=self.customer.pk)
        [other] = [one for one in self.sellers[1:] if one.pk != owner_id]
        assign(customer_id=self.customer.pk, salesperson=other, actor=self.sellers[0])


ACTS = ("inbound",) * 5 + ("answer",) * 4 + ("relay",) * 6 + (
    "echo", "status", "status", "edit", "revoke", "close", "reopen", "snooze", "wake", "read", "unread", "hand_over"
)  # fmt: skip


@pytest.mark.parametrize("part", range(3))
def test_random_histories(
    admin: User, owner: User, stranger: User, number: BusinessNumber, transport: FakeTransport, relay_turn: Any,
    monkeypatch: pytest.MonkeyPatch, part: int,
) -> None:  # fmt: skip
    # The clock that a result was made with stands in its class.
    monkeypatch.setattr(outbox, "accepted", lambda *of: replace(accepted(*of), at=timezone.now()))
    for seed in range(part * 100, part * 100 + 100):
        dice = random.Random(seed)
        customer = Customer.objects.create(owner=owner)
        world = World(customer, [admin, owner, stranger], number, transport, relay_turn)
        monkeypatch.setattr(timezone, "now", lambda world=world: world.now)
        world.inbound(dice)
        done = []
        for _ in range(9):
            world.now += timedelta(seconds=dice.choice((0.3, 0.4, 20, 90, 600, 4000)))
            done.append(act := dice.choice(ACTS))
            getattr(world, act)(dice)
            chat = Conversation.objects.get(customer=customer)
            messages = list(Message.objects.filter(customer=customer))
            assert chat.waiting_since == waiting_since(messages), (seed, done)
            assert (chat.state, chat.snoozed_until) == world.state, (seed, done)
    ends = [  # a later history may have woken an earlier one
        (chat.state, chat.waiting_since is not None, chat.unread_count > 0) for chat in Conversation.objects.all()
    ]
    counts = desk_counts(admin)
    assert counts["open"] == sum(state == "open" for state, _, _ in ends)
    assert counts["waiting"] == sum(state == "open" and waits for state, waits, _ in ends)
    assert counts["unread"] == sum(state == "open" and unread for state, _, unread in ends)
    assert counts["snoozed"] == sum(state == "snoozed" for state, _, _ in ends)
    assert counts["closed"] == sum(state == "closed" for state, _, _ in ends)
