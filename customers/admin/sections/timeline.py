"""What happened to a customer, and who did it."""

from typing import Any

from django.http import HttpRequest

from customers.admin.event_words import told
from customers.admin.registry import Section, add_section
from customers.models import Customer, Event

_ROWS = 50


def _timeline(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    events = Event.objects.filter(customer=customer).select_related("actor").order_by("-seq")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        events = events.filter(seq__lt=int(before))
    # One more, to know whether there are older ones, and to compare the oldest with.
    rows = told(list(events[: _ROWS + 1]))
    return {"events": rows[:_ROWS], "older": rows[_ROWS - 1]["seq"] if len(rows) > _ROWS else None}


add_section(
    Section("timeline", "Timeline", 90, "admin/customers/customer/sections/timeline.html", _timeline),
)
