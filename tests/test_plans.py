"""What lists cost does not grow with the desk: PostgreSQL can read each of them from an index.

The tables are small here, so PostgreSQL is told to avoid what takes long when they are not.
"""

import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from core.pagination import Pages
from customers.models import Address, Assignment, Customer, CustomerGroup
from messaging import search
from messaging.desk.rows import DeskPages
from messaging.models import BusinessNumber, Conversation, Message

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no EXPLAIN with names of nodes"),
]
_AVOIDED = ("seqscan", "sort", "incremental_sort")


def plans(client: APIClient, url: str, table: str, *, avoid: tuple[str, ...] = _AVOIDED) -> str:
    """How PostgreSQL runs what the list asks of `table`, one statement after the other."""
    asked: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if f'FROM "{table}"' in sql and not sql.startswith("EXPLAIN"):
            asked.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(listen):
        assert client.get(url).status_code == 200
    assert asked, "the list asks something else"
    lines = []
    with connection.cursor() as cursor:
        for name in avoid:
            cursor.execute(f"SET LOCAL enable_{name} = off")
        for sql, params in asked:
            cursor.execute(f"EXPLAIN {sql}", params)
            lines += [line for (line,) in cursor.fetchall()]
        for name in avoid:
            cursor.execute(f"RESET enable_{name}")
    return "\n".join(lines)


def sorted_by(plan: str) -> list[str]:
    """What is sorted instead of being read in its order. Not in subqueries, which read a few rows of one customer."""
    return [key for key in re.findall(r"Sort Key: (.*)", plan) if not re.match(r"[uv]\d", key)]


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
        ("status=delivered", "message_delivered"),
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
def test_the_search_in_messages(
    as_admin: APIClient, customer: Customer, messages: None, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The newest are read in their order; what is found there too seldom, by the index of words."""
    monkeypatch.setattr(search, "NEAR", 20)
    avoid = ("seqscan", "indexscan", "indexonlyscan", "sort")
    plan = plans(as_admin, f"{path.format(customer.pk)}?search=word1", "messaging_message", avoid=avoid)
    assert "message_words" in plan, plan
    assert "IS TRUE" in plan, plan


def test_the_search_of_customers(desk: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    # With those that were merged: a small table would be read by the index of all the others.
    plan = Customer.all_rows.search("NÁME123").explain()
    assert "customer_folded_trgm" in plan, plan


def test_signing_in(owner: User) -> None:
    """By username or email, also somebody without a key (core/folding.py)."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = User.objects.named("Éva").explain()
    assert "Seq Scan" not in plan, plan
    for index in ("user_username_once", "user_email_once", "user_lacks_key"):
        assert index in plan, plan


ORDERINGS = (
    "name",
    "created_at",
    "updated_at",
    "last_message_at",
    "unread_count",
    "waiting_since",
    "window_expires_at",
)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("ordering", ["", *ORDERINGS, *(f"-{name}" for name in ORDERINGS), "unread_count,-name"])
def test_orderings_of_the_desk(
    as_admin: APIClient, desk: None, monkeypatch: pytest.MonkeyPatch, ordering: str, deep: bool
) -> None:
    if deep:
        monkeypatch.setattr(Pages, "DEEP", 0)
    plan = plans(as_admin, f"/api/customers/?page_size=50&page=2&ordering={ordering}", "customers_customer")
    assert not sorted_by(plan), plan


ORDERINGS_OF_PROFILES = ("date_joined", "total_orders", "total_spent", "last_order_date")


@pytest.mark.parametrize("ordering", [*ORDERINGS_OF_PROFILES, *(f"-{name}" for name in ORDERINGS_OF_PROFILES)])
def test_orderings_of_profiles(as_admin: APIClient, desk: None, ordering: str) -> None:
    plan = plans(as_admin, f"/api/customers/customers/?ordering={ordering}", "customers_customer")
    assert not sorted_by(plan), plan


@pytest.mark.parametrize("ordering", ["last_message_at", "name", "created_at", "updated_at"])
def test_pages_far_down_the_desk_are_found_in_an_index_alone(
    as_admin: APIClient, desk: None, monkeypatch: pytest.MonkeyPatch, ordering: str
) -> None:
    """Not in the table, of which 100,000 rows would be read only to be left out."""
    monkeypatch.setattr(Pages, "DEEP", 0)
    plan = plans(as_admin, f"/api/customers/?page_size=50&page=2&ordering=-{ordering}", "customers_customer")
    assert re.search(r"Index Only Scan\w* ?\w* using customer_by_", plan), plan


def vacuum(table: str = "customers_customer") -> None:
    """As VACUUM does, which a transaction cannot: all rows are visible without looking into the table.

    And indexes have no room left from tests before.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"REINDEX TABLE {table}; ANALYZE {table}")
        cursor.execute("UPDATE pg_class SET relallvisible = relpages WHERE relname = %s", [table])


def test_a_salespersons_customers_are_counted_by_source_in_an_index_alone(as_owner: APIClient, desk: None) -> None:
    Customer.objects.exclude(first_name__endswith="1").update(owner=None)
    vacuum()
    avoid = (*_AVOIDED, "bitmapscan")
    plan = plans(as_owner, "/api/v1/msg/tags/?with_counts=true", "customers_customer", avoid=avoid)
    assert re.search(r"Index Only Scan\w* ?\w* using customer_by_owner", plan), plan


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/api/v1/msg/tags/?with_counts=true", "source"),
        ("/api/customers/customers/analytics/", "tier"),
        ("/api/customers/groups/{}/statistics/", "tier"),
        ("/api/customers/customers/?gender=other", "id"),
        ("/api/customers/customers/?preferred_language=si&ordering=total_spent", "id"),
    ],
)
def test_figures_of_all_customers_come_from_an_index_alone(
    as_admin: APIClient, desk: None, path: str, index: str
) -> None:
    vacuum()
    group = CustomerGroup.objects.create(name="Gold", assignment_rules={"loyalty_tier": "gold"})
    avoid = (*_AVOIDED, "bitmapscan")
    plan = plans(as_admin, path.format(group.pk), "customers_customer", avoid=avoid)
    assert re.search(rf"Index Only Scan\w* ?\w* using customer_by_{index}", plan), plan


@pytest.mark.parametrize("who", ["as_admin", "as_owner", "as_manager"])
def test_chats_are_counted_in_indexes_alone(request: Any, owner: User, desk: None, who: str) -> None:
    Conversation.objects.filter(unread_count=0).update(state="closed")  # or all indexes were as good
    vacuum("messaging_conversation")
    avoid = ("seqscan", "bitmapscan")
    plan = plans(request.getfixturevalue(who), "/api/desk/counts/", "messaging_conversation", avoid=avoid)
    found = set(re.findall(r"(\w.*\w) on (?:messaging_conversation|customers_)", plan))
    assert len(found) == 2, plan
    assert all(re.search(r"Index Only Scan using conversation_(counted|open)$", one) for one in found), plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("state=open", "counted"),
        ("waiting=true", "open"),
        ("state=open&has_unread=true&owner={}", "by_unread"),
        ("state=closed", "counted"),
        ("state=closed&unassigned=true", "counted"),
        ("has_unread=true", "by_unread"),
        ("has_unread=true&state=closed", "by_unread"),
        ("window_closes_within=60", "by_written"),
    ],
)
def test_customers_are_counted_by_their_chats_alone(
    as_admin: APIClient, owner: User, desk: None, monkeypatch: pytest.MonkeyPatch, query: str, index: str
) -> None:
    monkeypatch.setattr(DeskPages, "AT_ONCE", -1)
    Conversation.objects.filter(unread_count=0).update(state="closed")  # or all indexes were as good
    Conversation.objects.filter(state="open").update(waiting_since=timezone.now())
    vacuum("messaging_conversation")
    url = f"/api/customers/?{query.format(owner.pk)}"
    plan = plans(as_admin, url, "messaging_conversation", avoid=("seqscan", "bitmapscan"))
    assert re.search(rf"Index Only Scan using conversation_{index} on", plan), plan
    assert "customers_" not in plan, plan


def test_admins_lists_read_of_customers_only_those_that_were_merged(
    as_admin: APIClient, owner: User, desk: None
) -> None:
    Assignment.objects.bulk_create(Assignment(customer=one, salesperson=owner) for one in Customer.objects.all())
    plan = plans(as_admin, "/api/assignments/", "customers_assignment", avoid=("seqscan",))
    assert set(re.findall("customer_[a-z_]+ on customers_customer", plan)) == {
        "customer_merged on customers_customer"
    }, plan


def test_a_salespersons_customers_are_read_in_their_order(as_owner: APIClient, desk: None) -> None:
    Customer.objects.filter(first_name__endswith="1").update(first_name="Mine")
    Customer.objects.exclude(first_name="Mine").update(owner=None)  # or all indexes were as good
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
    plan = plans(as_owner, "/api/customers/", "customers_customer")
    assert "customer_by_owner" in plan, plan
    assert not sorted_by(plan), plan


@pytest.mark.parametrize("ordering", ["", "created_at", "-created_at", "is_default", "-is_default"])
def test_orderings_of_addresses(as_admin: APIClient, desk: None, ordering: str) -> None:
    Address.objects.bulk_create(
        Address(customer=one, address_type="billing", city="Galle", is_default=True) for one in Customer.objects.all()
    )
    plan = plans(as_admin, f"/api/customers/addresses/?ordering={ordering}", "customers_address")
    assert not sorted_by(plan), plan


def test_the_order_of_assignments(as_admin: APIClient, owner: User, desk: None) -> None:
    Assignment.objects.bulk_create(Assignment(customer=one, salesperson=owner) for one in Customer.objects.all())
    plan = plans(as_admin, "/api/assignments/", "customers_assignment")
    assert not sorted_by(plan), plan


def test_who_sees_a_customer_is_found_among_the_staff(as_admin: APIClient, customer: Customer) -> None:
    """Most logins are those of customers."""
    url = f"/api/customers/{customer.pk}/access/"
    plan = plans(as_admin, url, "accounts_user", avoid=("seqscan", "indexscan", "indexonlyscan"))
    assert "user_role_active" in plan, plan
    assert "customers_customer" not in plan, plan


@pytest.fixture
def desk(owner: User) -> None:
    """200 customers, half of them with a chat, a tenth with unread messages."""
    number = BusinessNumber.objects.create(external_id="1")
    made = Customer.objects.bulk_create(Customer(first_name=f"Name{n}", owner=owner) for n in range(200))
    Conversation.objects.bulk_create(
        Conversation(customer=one, business_number=number, unread_count=0 if n % 10 else n + 1)
        for n, one in enumerate(made)
        if n % 2 == 0
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer; ANALYZE messaging_conversation")
