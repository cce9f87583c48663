"""A number, what a customer says on it, and a transport that does as it is told."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from customers.events import lock
from customers.models import Customer
from messaging import numbers, outbox, receipts
from messaging.inbound import Inbound, receive_message
from messaging.models import Attachment, BusinessNumber, Message
from messaging.outbox import Outbox

Says = Callable[..., int | None]


@pytest.fixture
def number(db: None) -> BusinessNumber:
    return BusinessNumber.objects.create(external_id="1001")


@pytest.fixture
def says(number: BusinessNumber) -> Says:
    """Let a customer write: `says(customer, "hello", ago=timedelta(hours=1))`."""
    count = 0

    def say(customer: Customer, text: str = "hello", *, ago: timedelta = timedelta(0), **fields: Any) -> int | None:
        nonlocal count
        count += 1
        at = fields.pop("at", timezone.now() - ago)
        inbound = Inbound(
            wamid=fields.pop("wamid", f"wamid.IN{count}"),
            type="text",
            text=text,
            at=at,
            payload={"body": text},
            **fields,
        )
        with transaction.atomic():
            return receive_message(customer=lock(customer.pk), number=number, inbound=inbound)

    return say


class FakeTransport:
    """Hands out wamids, or raises what stands in `outcomes` first (in `upload_outcomes`, for a file)."""

    access = "token-1"

    def __init__(self) -> None:
        self.outcomes: list[Exception | None] = []
        self.upload_outcomes: list[Exception] = []
        self.sent: list[Message] = []
        self.uploaded: list[Attachment] = []
        self.shown: list[tuple[str, bool]] = []

    def has(self, file: Attachment) -> bool:
        return bool(file.provider_id)

    def upload(self, message: Message, file: Attachment) -> None:
        if self.upload_outcomes:
            raise self.upload_outcomes.pop(0)
        self.uploaded.append(file)
        file.provider_id = f"media-{file.pk}"
        Attachment.objects.filter(pk=file.pk).update(provider_id=file.provider_id)

    def show_read(self, wamid: str, *, typing: bool) -> None:
        self.shown.append((wamid, typing))

    def send(self, message: Message, file: Attachment | None = None) -> str:
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        self.sent.append(message)
        return f"wamid.OUT{message.pk}"


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTransport]:
    fake = FakeTransport()
    for module in (outbox, numbers, receipts):
        monkeypatch.setattr(module, "transport_for", lambda number: fake)
    return fake


@pytest.fixture
def relay_turn() -> Callable[[], int]:
    """Do what a relay does in one turn, here and now; return the number of sends."""

    def turn() -> int:
        source = Outbox()
        jobs = source.claim(10)
        for job in jobs:
            source.run(job)
        return len(jobs)

    return turn


def make_due(message: Any) -> None:
    """Let the pause before a message's next try be over."""
    Message.objects.filter(pk=message).update(not_before=datetime(2000, 1, 1, tzinfo=timezone.get_current_timezone()))
