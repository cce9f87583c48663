"""What lists cost does not grow with the desk: PostgreSQL can read each of them from an index.

The tables are small here, so PostgreSQL is told to avoid what takes long when they are not.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from customers.models import Customer
from messaging.models import BusinessNumber, Message

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no EXPLAIN with names of nodes"),
]
_AVOIDED = ("seqscan", "sort", "incremental_sort")


def plans(client: APIClient, url: str, table: str, *, avoid: tuple[str, ...] = _AVOIDED) -> str:
    """How PostgreSQL runs what the list asks of `table`, one statement after the other."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    statements = [query["sql"] for query in asked if f'FROM "{table}"' in query["sql"]]
    assert statements, "the list asks something else"
    with connection.cursor() as cursor:
        for name in avoid:
            cursor.execute(f"SET LOCAL enable_{name} = off")
        lines = []
        for statement in statements:
            cursor.cursor.execute(f"EXPLAIN {statement}")  # the text has its parameters already
            lines += [line for (line,) in cursor.fetchall()]
        cursor.execute("; ".join(f"RESET enable_{name}" for name in avoid))
    return "\n".join(lines)


def sorted_by(plan: str) -> list[str]:
    """What is sorted instead of being read in its order."""
    return re.findall(r"Sort Key: (.*)", plan)


@pytest.fixture
def messages(customer: Customer) -> None:
    """300 texts that were read: what most messages are."""
    number = BusinessNumber.objects.create(external_id="1")
    Message.objects.bulk_create(
        Message(customer=customer, business_number=number, direction="inbound", text=f"word{n}", status="read")
        for n in range(300)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "message_newest"),
        ("direction=inbound", "message_newest"),
        ("status=read", "message_newest"),
        *(
            (f"status={status}", "message_of_status")
            for status in ("uncertain", "sent", "failed", "played", "received")
        ),
        ("type=image", "message_of_type"),
        ("type=text", "message_newest"),
    ],
)
def test_messages(as_admin: APIClient, messages: None, query: str, index: str) -> None:
    plan = plans(as_admin, f"/api/messages/?{query}", "messaging_message")
    assert index in plan, plan
    assert not sorted_by(plan), plan


@pytest.mark.parametrize("status", ["queued", "sending"])
def test_the_few_on_their_way_out_are_found_in_a_small_index(as_admin: APIClient, messages: None, status: str) -> None:
    plan = plans(as_admin, f"/api/messages/?status={status}", "messaging_message", avoid=("seqscan",))
    assert re.search("message_(queued|sending|unfinished)", plan), plan


@pytest.mark.parametrize("path", ["/api/messages/", "/api/customers/{}/messages/"])
def test_the_search_in_messages(as_admin: APIClient, customer: Customer, messages: None, path: str) -> None:
    avoid = ("seqscan", "indexscan", "indexonlyscan")
    plan = plans(as_admin, f"{path.format(customer.pk)}?search=word1", "messaging_message", avoid=avoid)
    assert "message_search_trgm" in plan, plan
