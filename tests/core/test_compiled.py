"""Queries that are compiled once give the rows of their declaration (core/db/compiled.py)."""

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.actions.sessions import sign_in
from accounts.models import User
from core.db.compiled import Compiled, Insert, prepared_cursor
from core.db.together import write_together
from customers.actions.locking import lock
from customers.models import Customer
from customers.visibility import DeskQuery, role_of
from messaging.actions.receiving import receive_message
from messaging.actions.sending import send_message
from messaging.channels import Inbound
from messaging.models import BusinessNumber, Message
from tags.models import CustomerTag, Tag
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db


def everyone() -> list[Compiled]:
    import_module(settings.ROOT_URLCONF)
    return [one for one in Compiled.everyone if not one.where.startswith("tests.")]


@pytest.fixture
def values(owner: User, admin: User, manager: User, customer: Customer) -> dict[str, list[Any]]:
    """Values for every parameter that any query has: of what is there, and of what is not."""
    number = BusinessNumber.objects.create(external_id="1")
    Identity.objects.create(customer=customer, business_number=number, wa_id="94771234567", user_id="LK.1")
    for minute in range(3):
        at = timezone.now() - timedelta(minutes=10 - minute)
        with transaction.atomic():
            inbound = Inbound(wamid=f"wamid.{minute}", type="text", text="hi", at=at)
            receive_message(customer=lock(customer.pk), number=number, inbound=inbound)
    for name in ("VIP", "new"):
        CustomerTag.objects.create(customer=customer, tag=Tag.objects.create(name=name, created_by=owner))
    Customer.objects.create(first_name="Another", owner=owner)
    Customer.objects.create(first_name="Nobody's")
    send_message(customer_id=customer.pk, actor=owner, text="Hello", client_id="sent before")
    middle = Message.objects.order_by("ordered_at")[1]
    long_ago, soon = datetime(2001, 1, 1, tzinfo=UTC), timezone.now() + timedelta(days=1)
    return {
        "user": [owner, admin, manager],
        "pk": [customer.pk, middle.pk, owner.pk, 987654],
        "customer": [customer.pk, 987654],
        "customers": [[customer.pk, 987654], []],
        "seq": [0, 1, 987654],
        "sender": [owner.pk, 987654],
        "client_id": ["sent before", "never sent"],
        "sid": [sign_in(user=owner).session.pk, uuid.uuid4()],
        "now": [timezone.now(), soon + timedelta(days=999)],
        "number": [number.pk, 987654],
        "phones": [["94771234567", "1"], []],
        "besides": [0, customer.pk],
        "address": ["94771234567", "LK.1", "nobody"],
        "at": [middle.ordered_at, soon, long_ago],
        "source": ["whatsapp", "nowhere"],
    }


def shown(rows: Any) -> list[Any]:
    return [row if isinstance(row, dict) else everything(row) for row in rows]


def everything(row: Any, *holders: Any) -> dict[str, Any]:
    """What is known of an instance without asking again, related rows included; those that hold it only once."""
    known = {name: value for name, value in vars(row).items() if name != "_state"}
    related = {name: value for name, value in row._state.fields_cache.items() if value not in holders}
    shown = {name: value and everything(value, row, *holders) for name, value in related.items()}
    return {"model": type(row), **known, **shown}


def combinations(names: list[str], values: dict[str, list[Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{}]
    for name in names:
        found = [{**one, name: value} for one in found for value in values[name]]
    return found


@pytest.fixture
def prepared() -> Iterator[None]:
    """Statements are prepared when they run first, and planned without their values, as after many runs."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    before, connection.connection.prepare_threshold = connection.connection.prepare_threshold, 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    yield
    connection.connection.prepare_threshold = before


def test_every_query_gives_what_its_declaration_gives(
    values: dict[str, list[Any]], prepared: None, settings: Any
) -> None:
    found: Counter[Compiled] = Counter(dict.fromkeys(everyone(), 0))
    for settings.SALES_SEE_UNASSIGNED in (False, True):
        for query in everyone():
            for given in combinations(list(query.params), values):
                place = query.params.get("user")
                if place is not None and role_of(given["user"]) is not type(place):
                    continue  # compiled for another kind of user
                found[query] += compared(query, given)
    finds_nothing = [(one.where, one.params) for one, count in found.items() if not count]
    assert not finds_nothing, "the examples say nothing about them"


def compared(query: Compiled, given: dict[str, Any]) -> int:
    """How many rows the query gives, the same as its declaration, at first and once it is prepared."""
    window = {"limit": 2, "offset": 1} if query.window else {}
    expected = query.queryset(**given)[1:3] if query.window else query.queryset(**given)
    bound: dict[str, Any] = {**given}
    if (place := query.params.get("user")) is not None:
        bound |= place.given(given["user"])
    for _ in range(2):
        assert shown(query(**bound, **window)) == shown(expected), (query.where, given)
    return len(expected)


def test_a_list_is_one_parameter(customer: Customer) -> None:
    """So that the text is the same for lists of any length, and PostgreSQL prepares it."""
    query = Compiled(lambda ids: Customer.objects.filter(pk__any=ids).order_by("pk"))
    for ids in ([], [customer.pk], [customer.pk, 987654], list(range(1, 40_000))):
        assert query(ids=ids) == [row for row in Customer.objects.order_by("pk") if row.pk in ids]
    assert len(query._compiled[1]) == 1


def test_users_without_a_desk_see_nothing(customer: Customer) -> None:
    query = DeskQuery(lambda user: Customer.objects.at_desk_of(user))
    login = User.objects.create_user("cleo", "cleo@example.com", role="customer")
    for user in (login, AnonymousUser()):
        assert query(user) == []
        assert query.first(user) is None


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        Compiled(lambda pk: Customer.objects.filter(pk=pk))()


def test_constants_may_hold_what_a_text_is_made_of(customer: Customer) -> None:
    """What is the same each time stands in the text itself."""
    for constant in ("100 %", "it's", "%s", "a\\b"):
        customer.first_name = constant
        customer.save(update_fields=["first_name"])
        query = Compiled(lambda pk, constant=constant: Customer.objects.filter(pk=pk, first_name=constant), params=[])
        query.params.pop("constant", None)
        assert query.first(pk=customer.pk) == customer, constant


def test_statements_may_run_while_another_one_is_read(customer: Customer) -> None:
    """The connection keeps one cursor, which only one of them has at a time."""
    with prepared_cursor() as outer:
        outer.execute("SELECT 1 UNION ALL SELECT 2 ORDER BY 1")
        first = outer.fetchone()
        with pytest.raises(DatabaseError), transaction.atomic(), prepared_cursor() as broken:
            broken.execute("SELECT nothing")
        with prepared_cursor() as inner:
            inner.execute("SELECT 3")
            assert inner.fetchone()[0] == 3
        assert (first[0], outer.fetchone()[0]) == (1, 2)


def test_an_insert_stores_what_create_stores(customer: Customer) -> None:
    number = BusinessNumber.objects.create(external_id="1")
    at = timezone.now()
    columns = {"customer_id": customer.pk, "business_number_id": number.pk, "direction": "inbound", "payload": {"a": 1}}
    columns |= {"status": "received", "created_at": at, "ordered_at": at, "not_before": at}
    created = everything(Message.objects.create(**columns))

    inserted = Insert(Message)(columns)
    instance = Message(**columns)
    assert Insert(Message).save(instance)

    others = set(Message.objects.values_list("pk", flat=True))
    write_together(Insert(Message).write(columns), Insert(Message).write(Message(**columns)))

    together = Message.objects.exclude(pk__in=others).values_list("pk", flat=True)
    assert len(together) == 2
    for pk in (inserted, instance.pk, *together):
        assert everything(Message.objects.get(pk=pk)) == {**created, "id": pk}


def test_an_insert_refuses_columns_that_there_are_not() -> None:
    with pytest.raises(ValueError, match=r"messaging\.Message has no columns colour"):
        Insert(Message)({"colour": "red"})
    assert not Message.objects.exists()
