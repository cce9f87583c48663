"""A number, what a customer says on it, and a transport that does as it is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from customers.actions.locking import lock
from customers.models import Customer
from messaging.actions.receiving import receive_message
from messaging.channels import Inbound
from messaging.models import BusinessNumber
from messaging.relay.outbox import Outbox
from tests.messaging.channel_double import FakeChannel, FakeTransport
from tests.messaging.steps import Says


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


@pytest.fixture
def transport(settings: Any) -> FakeTransport:
    settings.CHANNELS = {"whatsapp": "tests.messaging.channel_double.FakeChannel"}
    FakeChannel.fake = FakeTransport()
    return FakeChannel.fake


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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    return lambda now: monkeypatch.setattr(timezone, "now", lambda: now)
