"""What is asked of chats, in every combination: the list has and counts those that plain Python finds."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.desk.filters import DeskFilter
from messaging.desk.rows import DeskPages
from messaging.models import BusinessNumber, Conversation
from tags.models import CustomerTag, Tag

pytestmark = pytest.mark.django_db
LIST = "/api/customers/"


@dataclass
class Row:
    """A customer, and their chat if there is one."""

    pk: int
    owner: int | None
    source: str
    chat: Conversation | None


def has(test: Callable[[Conversation], Any]) -> Callable[[Row], bool]:
    return lambda row: row.chat is not None and bool(test(row.chat))


def closes(chat: Conversation) -> bool:
    written: datetime | None = chat.last_inbound_at
    now = timezone.now()
    return written is not None and now - timedelta(hours=24) < written <= now - timedelta(hours=22)


waits = has(lambda chat: chat.state == "open" and chat.waiting_since)
unread = has(lambda chat: chat.unread_count > 0)
FILTERS: dict[str, Callable[[Row], bool]] = {
    **{f"state={state}": has(lambda chat, state=state: chat.state == state) for state in ("open", "snoozed", "closed")},
    "waiting=true": waits,
    "waiting=false": lambda row: not waits(row),
    "has_unread=true": unread,
    "has_unread=false": lambda row: not unread(row),
    "window_closes_within=120": has(closes),
    "unassigned=true": lambda row: row.owner is None,
    "unassigned=false": lambda row: row.owner is not None,
    "source=manual": lambda row: row.source == "manual",
    "ordering=unread_count": lambda row: True,
    "ordering=-waiting_since": lambda row: True,
    "ordering=window_expires_at": lambda row: True,
}


@pytest.fixture
def rows(owner: User, stranger: User) -> list[Row]:
    """Customers of all kinds. One in ten was merged, and is on nobody's desk."""
    dice, now = random.Random(7), timezone.now()
    number = BusinessNumber.objects.create(external_id="1")
    into = Customer.objects.create(owner=stranger)
    found = [Row(into.pk, stranger.pk, "manual", None)]
    for _ in range(100):
        merged = dice.random() < 0.1
        customer = Customer.objects.create(
            owner=dice.choice((owner, owner, stranger, None)),
            source=dice.choice(("manual", "whatsapp")),
            merged_into=into if merged else None,
        )
        written = dice.choice((None, now - timedelta(hours=dice.choice((1, 22.5, 23, 30)))))
        chat = Conversation(
            customer=customer,
            business_number=number,
            state=dice.choice(("open", "open", "snoozed", "closed")),
            unread_count=dice.choice((0, 0, 3, 5)),
            last_inbound_at=written,
            waiting_since=dice.choice((None, written)),
        )
        if dice.random() < 0.9:
            chat.save()
        if not merged:
            saved = None if chat._state.adding else chat
            found.append(Row(customer.pk, customer.owner_id, customer.source, saved))
    return found


@pytest.mark.parametrize("who", ["admin", "owner", "stranger", "manager", "owner who sees unassigned"])
def test_every_two_filters(
    request: Any, owner: User, stranger: User, rows: list[Row], settings: Any, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setattr(DeskPages, "AT_ONCE", 3)  # or nothing would be counted
    monkeypatch.setattr(DeskPages, "FEW", 2 if who == "admin" else 1_000)
    settings.SALES_SEE_UNASSIGNED = who.endswith("unassigned")
    client: APIClient = request.getfixturevalue(f"as_{who.split()[0]}")
    seen = {"stranger": [stranger.pk], "owner who sees unassigned": [owner.pk, None]}.get(who, [owner.pk])
    desk = [row for row in rows if who == "admin" or row.owner in seen]
    for first, second in combinations(FILTERS, 2):
        page = client.get(f"{LIST}?page_size=100&{first}&{second}").json()
        both = FILTERS[first], FILTERS[second]
        expected = {row.pk for row in desk if all(test(row) for test in both)}
        if first.split("=")[0] == second.split("=")[0]:
            expected = {row.pk for row in desk if both[1](row)}  # the last one counts
        ids = [row["id"] for row in page["results"]]
        assert (len(ids), page["count"], set(ids)) == (len(expected), len(expected), expected), (first, second)
        if second == "ordering=unread_count" or (first == "ordering=unread_count" and "ordering" not in second):
            unread_counts = [row["unread_count"] for row in page["results"]]
            assert unread_counts == sorted(unread_counts), first


@pytest.mark.parametrize(("few", "joined"), [(1_000, False), (0, True)])
def test_few_chats_whose_window_closes_are_found_first(
    as_admin: APIClient, rows: list[Row], monkeypatch: pytest.MonkeyPatch, few: int, joined: bool
) -> None:
    """PostgreSQL would look at every customer for the closed chats of people who wrote today: there is hardly one."""
    monkeypatch.setattr(DeskPages, "FEW", few)
    with CaptureQueriesContext(connection) as captured:
        page = as_admin.get(f"{LIST}?state=closed&window_closes_within=120").json()
    assert page["count"] == sum(
        FILTERS["state=closed"](row) and FILTERS["window_closes_within=120"](row) for row in rows
    )
    assert page["count"] > 0
    join = 'FROM "customers_customer" INNER JOIN "messaging_conversation"'
    assert any(join in one["sql"] for one in captured) == joined


QUERIES = (*FILTERS, "state=open&waiting=false", "state=open&tag={tag}", "waiting=true&source=whatsapp", "search=name")
QUERIES += ("has_unread=true&owner={owner}", "tag={tag}", "tag_any={tag}", "is_active=true", "ad=1", "ordering=name")


def test_the_queries_name_every_filter() -> None:
    named = {part.split("=")[0] for query in QUERIES for part in query.split("&")}
    assert named == set(DeskFilter.base_filters)


@pytest.mark.parametrize("query", QUERIES)
def test_a_list_takes_as_many_statements_however_many_rows_it_has(as_admin: APIClient, owner: User, query: str) -> None:
    tag, number = Tag.objects.create(name="VIP", created_by=owner), BusinessNumber.objects.create(external_id="1")

    def add(count: int) -> None:
        now = timezone.now()
        for n in range(count):
            state = ("open", "open", "snoozed", "closed")[n % 4]
            customer = Customer.objects.create(first_name="Name", owner=(owner, None)[n % 2], source="whatsapp")
            CustomerTag.objects.create(customer=customer, tag=tag)
            Conversation.objects.create(
                customer=customer,
                business_number=number,
                state=state,
                unread_count=n % 3,
                waiting_since=now,
                last_inbound_at=now,
            )

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = as_admin.get(f"{LIST}?page_size=100&{query.format(tag=tag.pk, owner=owner.pk)}")
        assert answer.status_code == 200
        return len(captured)

    add(4)
    statements()
    few = statements()
    add(30)
    assert statements() == few
