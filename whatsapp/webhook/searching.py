"""The search of the list of webhooks: by whom they are about, and by what stands in them."""

import json
from typing import Any

from django.db import models
from django.db.models import F, Q, QuerySet, Value

from messaging.admin.searching import with_wamid
from whatsapp.models import WebhookEvent

# How many bodies are looked through: the newest, those that were not handled, and those of the customers in question.
NEWEST = 2_000


class Position(models.Func):
    """Where some bytes stand in a column of bytes; 0 if they do not."""

    output_field = models.IntegerField()
    template = "POSITION(%(expressions)s)"
    arg_joiner = " IN "

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        bytes_, column = self.source_expressions
        turned = models.Func(column, bytes_, function="INSTR", output_field=self.output_field)
        return turned.as_sql(compiler, connection)


def found_webhooks(events: QuerySet[WebhookEvent], text: str, customers: list[int]) -> QuerySet[WebhookEvent]:
    """Those of the events that are about one of the customers, or whose body holds `text`: a wamid, an id, a word.

    Bodies are looked through where it matters; all of them would be gigabytes.
    """
    sent = with_wamid(text).values_list("customer_id", flat=True)
    newest = events.order_by("-pk").values_list("pk", flat=True)
    looked_through = {*newest[:NEWEST], *newest.exclude(state="done")[:NEWEST], *_about(list(sent))}
    return events.filter(pk__in={*_about(customers), *_holding(text, looked_through)})


def _about(customers: list[int]) -> list[int]:
    rows = WebhookEvent.customers.through._default_manager.filter(customer__in=customers)
    return list(rows.order_by("-webhookevent").values_list("webhookevent", flat=True)[:NEWEST])


def _holding(text: str, events: set[int]) -> list[int]:
    """Those of the events whose body holds `text`, as Meta writes it: other scripts may be escaped."""
    spelled = {text.encode("utf-8", "replace"), json.dumps(text)[1:-1].encode()}
    found: Any = WebhookEvent.objects.filter(pk__in=events)
    held = Q()
    for number, part in enumerate(sorted(spelled)):
        found = found.alias(**{f"at{number}": Position(Value(part, models.BinaryField()), F("body"))})
        held |= Q(**{f"at{number}__gt": 0})
    return list(found.filter(held).values_list("pk", flat=True))
