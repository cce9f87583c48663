"""A chat has its customer's owner, and whether they were merged, in its own row, whatever writes either of them."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import User
from customers.actions.assignments import assign
from customers.actions.customers import erase_customer
from customers.actions.locking import lock
from customers.actions.merge import merge_customers
from customers.actions.unmerge import undo_merge
from customers.models import Customer
from messaging.actions.receiving import receive_message
from messaging.channels import Inbound
from messaging.models import BusinessNumber, Conversation
from tests.core.rivals import connect
from tests.desk.copies import wrong_copies

TRIGGERS = {
    "postgresql": {"messaging_conversation_copies", "customers_customer_is_copied"},
    "sqlite": {"messaging_conversation_added", "messaging_conversation_copies", "customers_customer_is_copied"},
}


def chat_of(customer: Customer) -> Conversation:
    return Conversation.objects.create(
        customer=customer, business_number=BusinessNumber.objects.get_or_create(external_id="1")[0]
    )


def copies(customer: Customer) -> tuple[int | None, int | None]:
    return Conversation.objects.values_list("owner_id", "merged_into").get(customer=customer)


@pytest.mark.django_db
class TestCopies:
    def test_the_triggers_are_there(self) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled = 'O'")
            else:
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            assert TRIGGERS[connection.vendor] <= {name for (name,) in cursor.fetchall()}

    def test_a_new_chat_has_them(self, customer: Customer, owner: User, stranger: User) -> None:
        number = BusinessNumber.objects.create(external_id="1")
        for wamid in ("wamid.1", "wamid.2"):
            said = Inbound(wamid=wamid, type="text", text="hi", at=timezone.now())
            with transaction.atomic():
                receive_message(customer=lock(customer.pk), number=number, inbound=said)
            assert copies(customer) == (owner.pk, None)
        chat = chat_of(Customer.objects.create())
        assert copies(chat.customer) == (None, None)
        given = Conversation(customer=Customer.objects.create(owner=owner), business_number=chat.business_number)
        given.owner, given.merged_into = stranger, 5
        given.save()
        assert copies(given.customer) == (owner.pk, None)

    def test_they_follow_the_owner(self, customer: Customer, owner: User, stranger: User, admin: User) -> None:
        chat_of(customer)
        assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
        assert copies(customer) == (stranger.pk, None)
        stranger.delete()
        assert copies(customer) == (None, None)
        # As a version does that knows no copies.
        with connection.cursor() as cursor:
            cursor.execute("UPDATE customers_customer SET owner_id = %s", [owner.pk])
        assert copies(customer) == (owner.pk, None)

    def test_they_follow_a_merge(self, customer: Customer, owner: User, admin: User) -> None:
        other = Customer.objects.create(owner=owner)
        for one in (customer, other):
            chat_of(one)
        merge = merge_customers(gone_id=other.pk, into_id=customer.pk, actor=admin)
        assert (copies(customer), copies(other)) == ((owner.pk, None), (None, customer.pk))
        undo_merge(merge_id=merge.pk, actor=admin)
        assert (copies(customer), copies(other)) == ((owner.pk, None), (owner.pk, None))
        erase_customer(customer_id=customer.pk, actor=admin)
        assert not wrong_copies()

    def test_what_an_instance_knew_is_not_written(self, customer: Customer, stranger: User, admin: User) -> None:
        chat = chat_of(customer)
        chat.refresh_from_db()
        assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
        chat.unread_count = 3
        chat.save()
        assert copies(customer) == (stranger.pk, None)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_a_chat_that_begins_while_its_customer_changes_hands(stranger: User) -> None:
    customer = Customer.objects.create()
    number = BusinessNumber.objects.create(external_id="1")
    began = threading.Event()

    def hand_over() -> None:
        with connect() as rival, rival.transaction():
            rival.execute("UPDATE customers_customer SET owner_id = %s WHERE id = %s", [stranger.pk, customer.pk])
            began.set()
            time.sleep(0.5)

    thread = threading.Thread(target=hand_over)
    thread.start()
    began.wait()
    Conversation.objects.create(customer=customer, business_number=number)  # without the customer's lock
    thread.join()
    assert copies(customer) == (stranger.pk, None)


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The tables as they were."""
    executor = MigrationExecutor(connection)
    executor.migrate([("messaging", "0030_find_left_letters")])
    yield executor.loader.project_state([("messaging", "0030_find_left_letters")]).apps
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("messaging"))


def test_what_was_there_is_filled(before: Any) -> None:
    owner = User.objects.create_user("sam", "sam@desk.example", None, role="sales")
    number = BusinessNumber.objects.create(external_id="1")
    first = Customer.objects.create(owner=owner)
    rows = [first, Customer.objects.create(), Customer.objects.create(merged_into=first)]
    rows += Customer.objects.bulk_create(Customer(owner=owner) for _ in range(600))
    chats = before.get_model("messaging", "Conversation")
    chats.objects.bulk_create(chats(customer_id=row.pk, business_number_id=number.pk) for row in rows)

    executor = MigrationExecutor(connection)
    executor.migrate([("messaging", "0032_copy")])

    assert not wrong_copies()
    assert Conversation.objects.filter(owner=owner, merged_into=None).count() == 601


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL makes no table anew")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("model", "name"), [(Customer, "loyalty_points"), (Conversation, "unread_count")])
def test_tables_that_sqlite_makes_anew_keep_their_triggers(owner: User, model: Any, name: str) -> None:
    chat = chat_of(Customer.objects.create())
    before, after = model._meta.get_field(name), models.BigIntegerField(default=0)
    after.set_attributes_from_name(name)
    after.model = model
    for old, new in ((before, after), (after, before)):
        with connection.schema_editor() as editor:
            editor.alter_field(model, old, new, strict=True)
        whose = owner if new is after else None
        Customer.objects.filter(pk=chat.customer_id).update(owner=whose)
        assert copies(chat.customer) == (whose and whose.pk, None)
        chat_of(Customer.objects.create(owner=owner))
        assert not wrong_copies()
