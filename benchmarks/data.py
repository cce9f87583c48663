"""A desk of some age: customers, their chats, tags and identities, loaded in bulk."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, product
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from accounts.actions.sessions import sign_in
from accounts.models import User
from core.db.words import joined
from customers.models import Customer
from messaging.models import BusinessNumber, Conversation, Message
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag
from whatsapp.business_numbers import own_phone_number_id
from whatsapp.models import Identity

SYLLABLES = ("ka", "vin", "du", "per", "sil", "mo", "ra", "thi", "lo", "wick")
WORDS = ("the", "order", "is", "late", "can", "you", "send", "two", "more", "red", "ones", "tomorrow", "morning")
NAME = "Nimal"
BATCH = 10_000

_MESSAGE = (
    f"INSERT INTO {Message._meta.db_table} (customer_id, business_number_id, direction, type, text, words, payload, "
    "reactions, wamid, status, created_at, ordered_at, attempts, not_before, sender_id, sent_at, "
    "delivered_at, read_at) "
    "VALUES (%s, %s, %s, 'text', %s, %s, %s, '[]', %s, %s, %s, %s, 0, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True)
class Size:
    customers: int
    messages: int
    # Customers with a chat; only they write webhooks.
    chats: int


@dataclass(frozen=True)
class Desk:
    """What was loaded: the ids of customers with a chat, parts of names to search for, an admin's access token."""

    size: Size
    chats: list[int]
    terms: list[str]
    token: str


def load(size: Size) -> Desk:
    """Migrate the empty database and fill it. The same data each time."""
    call_command("migrate", verbosity=0)
    rng = random.Random(1)
    admin = User.objects.create_user("ada", "ada@desk.example", None, first_name="Ada", role="admin")
    sellers = [
        User.objects.create_user(f"sam{i}", f"sam{i}@desk.example", None, first_name="Sam", role="sales")
        for i in range(10)
    ]
    number = BusinessNumber.objects.create(transport="whatsapp", external_id=own_phone_number_id())
    surnames = ["".join(parts).capitalize() for parts in product(SYLLABLES, repeat=3)]
    with transaction.atomic():
        Customer.objects.bulk_create(
            (_customer(i, sellers[i % len(sellers)], surnames[i % len(surnames)]) for i in range(size.customers)),
            batch_size=1000,
        )
        ids = list(Customer.objects.order_by("id").values_list("id", flat=True))
        chats = sorted(rng.sample(ids, size.chats))
        _load_tags(ids, admin, rng)
        _load_messages(chats, number, sellers[0], size.messages, rng)
        _load_chats(chats, number)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    # Across two syllables, so that it is a part of a name and not its beginning.
    terms = [surname[1:-1] for surname in rng.sample(surnames, 200)]
    return Desk(size, chats, terms, sign_in(user=admin).access)


def wa_id(customer_id: int) -> str:
    """The phone a customer writes from."""
    return f"9477{customer_id:07d}"


def user_id(customer_id: int) -> str:
    """The business-scoped id Meta says of them."""
    return f"LK.{customer_id:012d}"


def _customer(index: int, owner: User, surname: str) -> Customer:
    return Customer(
        owner=owner,
        first_name=f"Nimal {index % 97}",
        last_name=surname,
        username=f"nimal{index}",
        email=f"nimal{index}@example.com",
        phone=f"+{wa_id(index + 1)}",
        source=("whatsapp", "website", "manual")[index % 3],
        notes="Asked for the catalogue.",
    )


def _load_tags(ids: list[int], admin: User, rng: random.Random) -> None:
    ensure_system_tags()
    tags = [Tag.objects.create(name=f"Tag {i}", created_by=admin) for i in range(10)]
    given = (CustomerTag(customer_id=pk, tag=tag) for pk in ids if pk % 3 == 0 for tag in rng.sample(tags, 2))
    CustomerTag.objects.bulk_create(given, batch_size=2000)


def _load_messages(chats: list[int], number: BusinessNumber, seller: User, total: int, rng: random.Random) -> None:
    rows = _messages(chats, number, seller, total, rng)
    with connection.cursor() as cursor:
        while batch := list(islice(rows, BATCH)):
            cursor.executemany(_MESSAGE, batch)


def _messages(chats: list[int], number: BusinessNumber, seller: User, total: int, rng: random.Random) -> Iterator[Any]:
    start, adapt = timezone.now() - timedelta(hours=20), connection.ops.adapt_datetimefield_value
    step = timedelta(hours=19) / total
    for i in range(total):
        text = " ".join([*rng.choices(WORDS, k=12), "".join(rng.choices(SYLLABLES, k=5))])
        at = adapt(start + i * step)
        inbound = rng.random() < 0.5
        outbound_at, sender = (None, None) if inbound else (at, seller.pk)
        way, status = ("inbound", "received") if inbound else ("outbound", "read")
        payload = json.dumps({"body": text})
        times = (at, at, at, sender, outbound_at, outbound_at, outbound_at)
        yield (chats[i % len(chats)], number.pk, way, text, joined(text), payload, f"wamid.old{i:010d}", status, *times)


def _load_chats(chats: list[int], number: BusinessNumber) -> None:
    newest = Message.objects.filter(customer_id__in=chats).values("customer_id").annotate(newest=Max("id"))
    Conversation.objects.bulk_create(
        (
            Conversation(
                customer_id=row["customer_id"],
                business_number=number,
                unread_count=row["customer_id"] % 4,
                last_message_id=row["newest"],
                last_inbound_at=timezone.now() - timedelta(hours=1),
            )
            for row in newest
        ),
        batch_size=1000,
    )
    at = Message.objects.filter(customer_id=OuterRef("pk")).order_by("-id").values("ordered_at")[:1]
    Customer.objects.filter(conversation__isnull=False).update(desk_at=Subquery(at))
    identities = [
        Identity(customer_id=pk, business_number=number, wa_id=wa_id(pk), user_id=user_id(pk), profile_name=NAME)
        for pk in chats
    ]
    Identity.objects.bulk_create(identities, batch_size=1000)
