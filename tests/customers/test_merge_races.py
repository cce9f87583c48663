"""Merges and what happens meanwhile. PostgreSQL puts the locks to the test; SQLite lets one through at a time."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.merge import merge_customers
from customers.actions.unmerge import undo_merge
from customers.models import Customer, Event, Merge
from messaging.models import BusinessNumber, Message
from messaging.relay.outbox import Outbox
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag
from tests.accounts.parallel import all_in_parallel
from tests.cast import ClientOf
from tests.messaging.channel_double import FakeChannel, FakeTransport
from tests.webhooks import PHONE_NUMBER_ID, says, settle, status, text
from whatsapp.models import Identity, WebhookEvent
from whatsapp.webhook import signature

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[], Any]


@pytest.fixture(autouse=True)
def _system_tags(db: None) -> Iterator[None]:
    """Tests that commit end with an empty database; the next ones expect the migrations' rows."""
    yield
    ensure_system_tags()


@pytest.fixture
def twin(owner: User) -> Customer:
    """The same person in another row of `owner`'s, who writes from a phone of their own."""
    twin = Customer.objects.create(first_name="Johnny", owner=owner, phone="+94770000002", source="whatsapp")
    number = BusinessNumber.objects.create(transport="whatsapp", external_id=PHONE_NUMBER_ID)
    Identity.objects.create(customer=twin, business_number=number, wa_id="94770000002")
    return twin


def merging(client: APIClient, gone: Customer, into: Customer) -> Act:
    return lambda: client.post(f"/api/customers/{gone.pk}/merge/", {"into": into.pk}).status_code


def post_webhook(body: dict[str, Any]) -> int:
    raw = json.dumps(body).encode()
    headers = {"X-Hub-Signature-256": signature.sign(raw)}
    return Client().post("/api/webhook/", raw, content_type="application/json", headers=headers).status_code


def gapless(*customers: Customer) -> bool:
    logs = [list(Event.objects.filter(customer=one).order_by("seq").values_list("seq", flat=True)) for one in customers]
    return logs == [list(range(1, len(log) + 1)) for log in logs]


def test_eight_merges_of_one_row(client_of: ClientOf, owner: User, customer: Customer, twin: Customer) -> None:
    clients = [client_of(owner) for _ in range(8)]

    codes = all_in_parallel([merging(client, twin, customer) for client in clients])

    assert Counter(codes) == {200: 1, 410: 7}
    assert Merge.objects.count() == 1
    assert Event.objects.filter(type="customer_merged").count() == 2
    assert gapless(customer, twin)


def test_eight_merges_of_one_row_into_eight(client_of: ClientOf, owner: User, twin: Customer) -> None:
    others = [Customer.objects.create(first_name="Jon", owner=owner) for _ in range(8)]

    codes = all_in_parallel([merging(client_of(owner), twin, other) for other in others])

    assert Counter(codes) == {200: 1, 410: 7}
    assert Customer.all_rows.get(pk=twin.pk).merged_into == Merge.objects.get().into


def test_eight_rows_into_one(client_of: ClientOf, owner: User, customer: Customer) -> None:
    others = [Customer.objects.create(first_name="Jon", owner=owner, loyalty_points=1) for _ in range(8)]

    codes = all_in_parallel([merging(client_of(owner), other, customer) for other in others])

    assert Counter(codes) == {200: 8}
    assert Customer.objects.get().loyalty_points == 8
    assert gapless(customer, *others)


def test_either_way_at_once(client_of: ClientOf, owner: User, customer: Customer, twin: Customer) -> None:
    for _ in range(3):
        codes = all_in_parallel([merging(client_of(owner), twin, customer), merging(client_of(owner), customer, twin)])

        assert Counter(codes) == {200: 1, 410: 1}
        undo_merge(merge_id=Merge.objects.order_by("-pk")[0].pk, actor=None)
        assert Customer.objects.count() == 2


def test_eight_undo_one_merge(client_of: ClientOf, owner: User, customer: Customer, twin: Customer) -> None:
    merge = merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)
    clients = [client_of(owner) for _ in range(8)]

    answers = all_in_parallel([partial(client.post, f"/api/customers/merges/{merge.pk}/undo/") for client in clients])

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_undone"}
    assert Event.objects.filter(type="merge_undone").count() == 2


def wait_for_somebody_who_waits() -> None:
    """Return when somebody waits for a lock. On SQLite everybody waits in front of the database."""
    deadline = time.monotonic() + 10
    while connection.vendor == "postgresql" and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
                "WHERE NOT l.granted AND a.datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)


def while_merging(act: Act, gone: Customer, into: Customer) -> None:
    """Do something that has to wait until a merge is committed."""
    merged = threading.Event()

    def merge_slowly() -> None:
        with transaction.atomic():
            merge_customers(gone_id=gone.pk, into_id=into.pk, actor=None)
            merged.set()
            wait_for_somebody_who_waits()

    def then() -> None:
        assert merged.wait(10)
        act()

    all_in_parallel([merge_slowly, then])
    settle()


def test_nothing_that_is_said_meanwhile_is_lost(customer: Customer, twin: Customer) -> None:
    """Whoever writes while the rows become one is found by the row that is left."""
    while_merging(lambda: post_webhook(says(text("wamid.1", wa_id="94770000002"))), twin, customer)

    assert Message.objects.get().customer == customer
    assert WebhookEvent.objects.get().attempts == 1, "taken in at once, not at a second try"
    assert gapless(customer, twin)
    assert Customer.objects.count() == 1


def test_what_is_reported_meanwhile_is_told_where_the_message_is(
    owner: User, customer: Customer, twin: Customer
) -> None:
    number = BusinessNumber.objects.get()
    message = Message.objects.create(
        customer=twin, business_number=number, direction="outbound", text="hi", status="sent", wamid="wamid.OUT"
    )

    while_merging(lambda: post_webhook(says(statuses=[status("wamid.OUT", "delivered")])), twin, customer)

    message.refresh_from_db()
    assert (message.customer, message.status) == (customer, "delivered")
    assert Event.objects.get(type="message_status").customer == customer


@pytest.mark.parametrize("reported", [False, True])
def test_a_message_on_its_way_is_told_of_where_it_is(
    owner: User, customer: Customer, twin: Customer, settings: Any, reported: bool
) -> None:
    """Merged between the claim and the end of a send, or before the provider reports on it."""

    class Merging(FakeTransport):
        def send(self, message: Message, file: Any = None) -> str:
            if not reported:
                merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)
            return super().send(message, file)

    settings.CHANNELS = {"whatsapp": "tests.messaging.channel_double.FakeChannel"}
    FakeChannel.fake = Merging()
    post_webhook(says(text("wamid.in", wa_id="94770000002", at=int(time.time()))))
    settle()
    message = Message.objects.create(
        customer=twin,
        business_number=BusinessNumber.objects.get(),
        direction="outbound",
        type="text",
        text="hi",
        status="queued",
        sender=owner,
    )
    [job] = Outbox().claim(1)
    Outbox().run(job)
    if reported:
        merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)
        post_webhook(says(statuses=[status(f"wamid.OUT{message.pk}", "delivered")]))
        settle()

    message.refresh_from_db()
    assert (message.customer, message.status) == (customer, "delivered" if reported else "sent")
    newest = Event.objects.filter(type="message_status").order_by("-pk")[0]
    assert (newest.customer, newest.data["status"]) == (customer, message.status)


def test_what_is_given_meanwhile_is_there_afterwards(
    client_of: ClientOf, owner: User, customer: Customer, twin: Customer
) -> None:
    tags = [Tag.objects.create(name=f"tag {n}", created_by=owner) for n in range(6)]
    acts: list[Act] = [partial(client_of(owner).post, f"/api/v1/msg/customer/{twin.pk}/tags/{tag.pk}/") for tag in tags]
    acts.insert(3, lambda: merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner))

    answers = all_in_parallel(acts)

    del answers[3]
    given = {tag.pk for tag, answer in zip(tags, answers, strict=True) if answer.status_code == 200}
    assert {answer.status_code for answer in answers} <= {200, 410}
    assert set(CustomerTag.objects.values_list("customer", "tag")) == {(customer.pk, pk) for pk in given}
