"""The front page of Django admin: the figures of the day, each with the list behind it.

A figure is a statement or two, whatever there is in the tables; tests/config/test_front_page.py counts them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import Session
from config.bars import Bars, bars_of
from messaging.desk.figures import hourly, middle, response_times, unsent, waiting
from messaging.models import UNTIL_RESUMED, BusinessNumber, Status
from whatsapp.models import WebhookEvent, WebhookState

_NAMED = 10


@dataclass(frozen=True)
class Figure:
    """A number with what it means, and the list it counts. `bad`: somebody has to do something."""

    label: str
    value: str
    detail: str
    link: str
    bad: bool = False


def front_page() -> dict[str, Any]:
    """What the template of the front page shows: `figures` and `bars`."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    bars = bars_of(hourly(midnight), now)
    return {"figures": list(_figures(now, midnight, bars)), "bars": bars, "now": now}


def _figures(now: datetime, midnight: datetime, bars: Bars) -> Iterator[Figure]:
    day = {f"ordered_at__{part}": getattr(midnight, part) for part in ("year", "month", "day")}
    yield from _of_chats(now, midnight, day)
    yield Figure("In today", f"{bars.inbound:,}", "messages from customers", _messages(direction="inbound", **day))
    yield Figure("Out today", f"{bars.outbound:,}", "messages to customers", _messages(direction="outbound", **day))
    yield from _of_sending(now, midnight, day)
    yield _paused(now)
    yield from _webhooks(now)
    yield _there(now)


def _of_chats(now: datetime, midnight: datetime, day: dict[str, Any]) -> Iterator[Figure]:
    found = waiting()
    since = f"the oldest for {timesince(found.oldest, now, depth=1)}" if found.oldest else "everybody has an answer"
    link = f"{reverse('admin:messaging_conversation_changelist')}?waiting=yes"
    yield Figure("Waiting for an answer", f"{found.count:,}", since, link)
    times = response_times(midnight)
    half = middle(times)
    value = _short(half) if half is not None else "-"
    yield Figure("Response time today", value, _how_long(times), _messages(direction="outbound", **day))


def _how_long(times: Sequence[timedelta]) -> str:
    if len(times) < 2:
        return "one answer" if times else "no answers yet"
    return f"half of {len(times):,} answers took no longer; the longest took {_short(max(times))}"


def _of_sending(now: datetime, midnight: datetime, day: dict[str, Any]) -> Iterator[Figure]:
    queued = unsent(Status.QUEUED, Status.SENDING)
    since = f"the oldest for {timesince(queued.oldest, now, depth=1)}" if queued.oldest else "nothing waits"
    yield Figure("On their way out", f"{queued.count:,}", since, _messages(status__exact="queued"))
    failed = unsent(Status.FAILED, since=midnight)
    link = _messages(status__exact="failed", **day)
    yield Figure("Failed today", f"{failed.count:,}", "messages that were not sent", link, failed.count > 0)
    doubt = unsent(Status.UNCERTAIN)
    since = f"the oldest for {timesince(doubt.oldest, now, depth=1)}" if doubt.oldest else "no message is in doubt"
    yield Figure("Uncertain", f"{doubt.count:,}", since, _messages(status__exact="uncertain"), doubt.count > 0)


def _paused(now: datetime) -> Figure:
    numbers = list(BusinessNumber.objects.paused(now))
    reasons = "; ".join(_why(number, now) for number in numbers[:_NAMED])
    link = f"{reverse('admin:messaging_businessnumber_changelist')}?{urlencode({'paused': 'yes'})}"
    return Figure("Paused numbers", str(len(numbers)), reasons or "all numbers send", link, bool(numbers))


def _why(number: BusinessNumber, now: datetime) -> str:
    until = number.paused_until
    if until == UNTIL_RESUMED:
        lasts = "until somebody resumes it"
    elif until is not None and until > now:
        lasts = f"until {timezone.localtime(until):%H:%M:%S}"
    else:
        lasts = "until a message gets through"
    return f"{number.display or number.external_id}: {number.reason or number.pause_kind} ({lasts})"


def _webhooks(now: datetime) -> Iterator[Figure]:
    found = WebhookEvent.objects.open_by_state()
    link = reverse("admin:whatsapp_webhookevent_changelist")
    for state, label in ((WebhookState.FAILED, "Webhooks failed"), (WebhookState.PENDING, "Webhooks pending")):
        count, oldest = found.get(state, (0, None))
        since = f"the oldest for {timesince(oldest, now, depth=1)}" if oldest else "all are handled"
        bad = state == WebhookState.FAILED and count > 0
        yield Figure(label, f"{count:,}", since, f"{link}?{urlencode({'state__exact': state.value})}", bad)


def _there(now: datetime) -> Figure:
    people = Session.objects.in_use(now).order_by("user__username").values_list("user__username", flat=True).distinct()
    names = list(people)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    link = f"{reverse('admin:accounts_session_changelist')}?{urlencode({'in_use': 'now'})}"
    return Figure("Who is there", str(len(names)), (", ".join(names[:_NAMED]) + more) or "nobody at the moment", link)


def _messages(**query: Any) -> str:
    return f"{reverse('admin:messaging_message_changelist')}?{urlencode(query)}"


def _short(time: timedelta) -> str:
    """A length of time as people say it: `40 s`, `12 min`, `3 h 5 min`."""
    seconds = int(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
