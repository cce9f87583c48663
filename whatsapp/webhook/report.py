"""Received against stored: a daily check that every message in Meta's webhooks is in a chat."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from core.db.chunks import in_chunks
from core.db.reports import may_be_old
from messaging.models import Message
from whatsapp.business_numbers import TRANSPORT
from whatsapp.models import WebhookEvent, WebhookState
from whatsapp.payload.elements import Broken, Call, Echo, IncomingMessage, InGroup, PastMessages
from whatsapp.payload.envelope import Malformed, parse

BATCH = 200

# What identifies a message: Meta's id of the number, and the wamid.
Key = tuple[str, str]


@dataclass
class DayReport:
    """One day (UTC) of webhooks: how they ended, and what became of the messages in them.

    `received` counts the messages in the raw bodies, including redeliveries; those in `missing` are in no chat.
    `unreadable` counts elements and whole bodies that do not follow Meta's documentation, `groups` what was said in
    groups, and the statuses of that: it is in no chat.
    """

    day: date
    webhooks: int = 0
    pending: int = 0
    failed: int = 0
    received: int = 0
    stored: int = 0
    unreadable: int = 0
    groups: int = 0
    missing: list[Key] = field(default_factory=list)


def daily(days: int, today: date) -> Iterator[DayReport]:
    """The reports of the last `days` days, newest first. Reads every raw body that is still kept."""
    for back in range(days):
        yield _report(today - timedelta(days=back))


def _report(day: date) -> DayReport:
    report = DayReport(day)
    begin = datetime.combine(day, time.min, tzinfo=UTC)
    events = WebhookEvent.objects.filter(received_at__gte=begin, received_at__lt=begin + timedelta(days=1))
    rows = in_chunks(may_be_old(events.only("body", "state").order_by("pk")), BATCH)
    while batch := list(islice(rows, BATCH)):
        keys: list[Key] = []
        for event in batch:
            report.webhooks += 1
            report.pending += event.state == WebhookState.PENDING
            report.failed += event.state == WebhookState.FAILED
            keys += _messages_in(bytes(event.body), report)
        stored = _stored(keys)
        report.received += len(keys)
        report.stored += sum(key in stored for key in keys)
        report.missing += [key for key in keys if key not in stored]
    return report


def _messages_in(body: bytes, report: DayReport) -> Iterable[Key]:
    try:
        elements = parse(body)
    except Malformed:
        report.unreadable += 1
        return []
    report.unreadable += sum(isinstance(element, Broken) for element in elements)
    report.groups += sum(isinstance(element, InGroup) for element in elements)
    messages = (element for element in elements if isinstance(element, IncomingMessage | Call | Echo))
    past = ((element, one) for element in elements if isinstance(element, PastMessages) for one in element.messages)
    return [
        *((message.phone_number_id, message.inbound.wamid) for message in messages),
        *((element.phone_number_id, one.inbound.wamid) for element, one in past),
    ]


def _stored(keys: list[Key]) -> set[Key]:
    found: set[Key] = set()
    for start in range(0, len(keys), 500):
        wamids = {wamid for _, wamid in keys[start : start + 500]}
        known = Message.objects.filter(wamid__in=wamids, business_number__transport=TRANSPORT)
        found.update(may_be_old(known).values_list("business_number__external_id", "wamid"))
    return found
