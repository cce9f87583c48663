"""A desk that grows: customers with chats, tags, owners and groups, by statements of PostgreSQL. Minutes, not hours."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.management import call_command
from django.db import connection
from django.db.models import Max

from accounts.actions.sessions import sign_in
from accounts.models import User
from benchmarks.growth_belongings import belongings
from benchmarks.many_customers import SYLLABLES, fill, number
from customers.models import NO_MESSAGE_YET, Assignment, Customer, CustomerGroup, Event, GroupMember
from messaging.models import BusinessNumber, Conversation, Message
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag
from whatsapp.business_numbers import own_phone_number_id

SELLERS = 10
# A common word of messages, and one that nobody writes.
COMMON, NOBODY = "order", "xylophone"
WORDS = 256


@dataclass(frozen=True)
class Size:
    """How many customers and messages. One message in eleven belongs to one big chat."""

    customers: int
    messages: int

    def __str__(self) -> str:
        return f"{self.customers:,} / {self.messages:,}"


@dataclass(frozen=True)
class Desk:
    """What requests need to know of the desk."""

    customers: int
    big_chat: int
    message: int
    ids: list[int]
    names: list[str]
    words: list[str]
    seller: int
    tags: dict[str, int]
    group: int
    tokens: dict[str, str]


def start() -> None:
    """Migrate the empty database, and add what does not grow."""
    call_command("migrate", verbosity=0)
    admin = User.objects.create_user("ada", "ada@desk.example", None, first_name="Ada", role="admin")
    for i in range(SELLERS):
        User.objects.create_user(f"sam{i}", f"sam{i}@desk.example", None, first_name=f"Sam {i}", role="sales")
    BusinessNumber.objects.create(transport="whatsapp", external_id=own_phone_number_id())
    ensure_system_tags()
    Tag.objects.bulk_create(Tag(name=name, name_key=name, created_by=admin) for name in _TAGS)
    rules = [{}, {"loyalty_tier": "gold"}, {"min_spent": "11000"}, {"is_vip": "true", "min_orders": "20"}]
    CustomerGroup.objects.bulk_create(
        CustomerGroup(name=f"Group {i}", assignment_rules=rules[i % len(rules)]) for i in range(8)
    )


def grow(size: Size) -> Desk:
    """Let the desk grow to this size."""
    sellers = list(User.objects.filter(role="sales").order_by("pk").values_list("pk", flat=True))
    before = Customer.objects.count()
    fill(
        size.customers,
        # One in eleven is nobody's.
        owner_id=f"CASE WHEN {number('owner')} % 11 < 10 THEN (array{sellers})[1 + {number('owner')} % 11] END",
        source=f"(array['whatsapp', 'whatsapp', 'website', 'manual'])[1 + {number('source')} % 4]",
        updated_at=f"timestamptz '2026-01-01' + ({number('updated')} % 20000000) * interval '1 second'",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id), count(*) FROM customers_customer")
        first, last, found = cursor.fetchone()
        if last - first + 1 != found:
            raise RuntimeError("ids of customers have gaps, so that messages would have no customer")
        names = {"first": first, "customers": found, "from": before, "sellers": sellers}
        names |= {"messages": size.messages, "words": _vocabulary(), "syllables": SYLLABLES.split()}
        names |= {"number": BusinessNumber.objects.get().pk}
        for statement in _GROW:
            cursor.execute(statement, names)
        cursor.execute("VACUUM ANALYZE")
    return _desk(size)


def _desk(size: Size) -> Desk:
    ids = random.Random(3).sample(
        list(Customer.objects.exclude(desk_at=NO_MESSAGE_YET).values_list("pk", flat=True)), 50
    )
    newest = Message.objects.aggregate(newest=Max("pk"))["newest"]
    texts = Message.objects.filter(pk__in=range(newest // 2, newest // 2 + 50)).values_list("text", flat=True)
    users = {"admin": User.objects.get(username="ada"), "sales": User.objects.get(username="sam0")}
    return Desk(
        customers=size.customers,
        big_chat=Customer.objects.order_by("pk")[0].pk,
        message=newest,
        ids=ids,
        names=[name[1:] for name in Customer.objects.filter(pk__in=ids).values_list("last_name", flat=True)],
        words=[text.split()[-1] for text in texts],
        seller=users["sales"].pk,
        tags={tag.source or tag.name: tag.pk for tag in Tag.objects.all()},
        group=CustomerGroup.objects.order_by("pk")[1].pk,
        tokens={name: sign_in(user=user).access for name, user in users.items()},
    )


def _vocabulary() -> list[str]:
    known = (COMMON, "the", "is", "late", "can", "you", "send", "two", "more", "red", "ones", "tomorrow", "please")
    rng = random.Random(4)
    return [*known, *("".join(rng.sample(SYLLABLES.split(), 3)) for _ in range(WORDS - len(known)))]


# The share of customers who have the tag.
_TAGS = {"rare": 0.001, "some": 0.05, "common": 0.3, **{f"tag {i}": 0.05 for i in range(7)}}

_TABLES = {
    "customer": Customer._meta.db_table,
    "message": Message._meta.db_table,
    "chat": Conversation._meta.db_table,
    "event": Event._meta.db_table,
    "given": CustomerTag._meta.db_table,
    "tag": Tag._meta.db_table,
    "assignment": Assignment._meta.db_table,
    "group": CustomerGroup._meta.db_table,
    "member": GroupMember._meta.db_table,
}

# A word is one of the first in the vocabulary more often than not: the first in a sixteenth of all places.
_WORDS = " || ' ' || ".join(f"(%(words)s::text[])[1 + get_byte(h, {i}) * get_byte(h, {i}) / {WORDS}]" for i in range(8))
_RARE = " || ".join(f"(%(syllables)s::text[])[1 + get_byte(h, {i}) %% 30]" for i in range(8, 12))


def _statements() -> Iterator[str]:
    yield f"""
        INSERT INTO {_TABLES["message"]} (customer_id, business_number_id, direction, type, text, words, payload,
            reactions, wamid, status, created_at, ordered_at, attempts, not_before, sender_id, sent_at, delivered_at,
            read_at)
        SELECT CASE WHEN n %% 11 = 0 THEN %(first)s ELSE %(first)s + c %% %(customers)s END, %(number)s,
            CASE WHEN inbound THEN 'inbound' ELSE 'outbound' END,
            CASE WHEN get_byte(h, 13) < 6 THEN 'image' ELSE 'text' END,
            text, array_to_tsvector(ARRAY(SELECT DISTINCT unnest(string_to_array(text, ' ')))),
            jsonb_build_object('body', text), '[]', 'wamid.old' || lpad(n::text, 10, '0'),
            CASE WHEN inbound THEN 'received' WHEN c %% 500 = 0 THEN 'failed' ELSE 'read' END, at, at, 0, at,
            CASE WHEN NOT inbound THEN (%(sellers)s::bigint[])[1 + c %% {SELLERS}] END,
            CASE WHEN NOT inbound THEN at END, CASE WHEN NOT inbound THEN at END, CASE WHEN NOT inbound THEN at END
        FROM (SELECT n, h, get_byte(h, 12) < 128 AS inbound, ('x' || substr(md5(n::text), 1, 7))::bit(28)::int AS c,
            {_WORDS} || ' ' || {_RARE} AS text,
            timestamptz '2026-01-01' + n * interval '3 seconds' AS at
            FROM (SELECT n, decode(md5('text' || n), 'hex') AS h FROM generate_series(
                (SELECT count(*) FROM {_TABLES["message"]}) + 1, %(messages)s) n OFFSET 0) hashed OFFSET 0) written"""
    yield f"""
        INSERT INTO {_TABLES["chat"]} (customer_id, business_number_id, unread_count, last_message_id,
            last_inbound_at)
        SELECT customer_id, %(number)s, CASE WHEN customer_id %% 10 = 0 THEN 1 + customer_id %% 7 ELSE 0 END,
            max(id), max(created_at) FILTER (WHERE direction = 'inbound')
        FROM {_TABLES["message"]} GROUP BY customer_id
        ON CONFLICT (customer_id) DO UPDATE SET last_message_id = excluded.last_message_id,
            last_inbound_at = excluded.last_inbound_at"""
    yield f"""
        UPDATE {_TABLES["customer"]} c SET desk_at = m.ordered_at
        FROM {_TABLES["chat"]} v JOIN {_TABLES["message"]} m ON m.id = v.last_message_id
        WHERE v.customer_id = c.id AND c.desk_at <> m.ordered_at"""
    # As on a desk that is worked at: one chat in ten is open, one in a hundred snoozed. Of the open ones the customers
    # wrote in the last three days, and a fifth of them wait for an answer.
    yield f"""
        UPDATE {_TABLES["chat"]} SET state = CASE WHEN part < 100 THEN 'open' WHEN part < 110 THEN 'snoozed'
            ELSE 'closed' END,
            snoozed_until = CASE WHEN part BETWEEN 100 AND 109 THEN now() + part * interval '1 day' END,
            last_inbound_at = CASE WHEN part < 100 THEN now() - {number("wrote")} %% 259200 * interval '1 second'
            ELSE last_inbound_at END,
            waiting_since = CASE WHEN part < 20 THEN now() - {number("wrote")} %% 259200 * interval '1 second' END
        FROM (SELECT customer_id AS n, {number("state")} %% 1000 AS part
            FROM (SELECT customer_id, customer_id AS n FROM {_TABLES["chat"]} OFFSET 0) known OFFSET 0) chosen
        WHERE customer_id = n"""
    yield f"""
        INSERT INTO {_TABLES["event"]} (customer_id, seq, type, data, created_at)
        SELECT customer_id, row_number() OVER (ORDER BY id), 'chat_message', jsonb_build_object('id', id), created_at
        FROM {_TABLES["message"]} WHERE customer_id = %(first)s ON CONFLICT DO NOTHING"""
    for name, share in _TAGS.items():
        yield f"""
            INSERT INTO {_TABLES["given"]} (customer_id, tag_id, created_at) SELECT c.id, t.id, now()
            FROM {_TABLES["customer"]} c, {_TABLES["tag"]} t, LATERAL (SELECT c.id AS n OFFSET 0) numbered
            WHERE t.name = '{name}' AND {number(name)} %% 10000 < {share * 10000:.0f}
            ON CONFLICT DO NOTHING"""
    yield f"""
        INSERT INTO {_TABLES["assignment"]} (customer_id, salesperson_id, note, assigned_at)
        SELECT c.id, c.owner_id, '', c.date_joined FROM {_TABLES["customer"]} c
        WHERE c.owner_id IS NOT NULL AND c.id >= %(first)s + %(from)s ORDER BY c.id"""
    yield f"""
        INSERT INTO {_TABLES["member"]} (group_id, customer_id, added_at) SELECT g.id, c.id, now()
        FROM {_TABLES["customer"]} c, {_TABLES["group"]} g WHERE c.id %% 50 = g.id %% 50 ON CONFLICT DO NOTHING"""


_GROW = (*_statements(), *belongings())
