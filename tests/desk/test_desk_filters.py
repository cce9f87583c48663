"""GET /api/customers/ with filters, ordering and search."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer, customers
from messaging.models import Message
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag

Chat = Callable[..., Message]


def found(client: APIClient, query: str) -> list[str]:
    response = client.get(f"/api/customers/?{query}")
    assert response.status_code == 200, response.data
    assert response.data["count"] == len(response.data["results"])
    return [row["first_name"] for row in response.data["results"]]


@pytest.fixture
def people(owner: User, stranger: User, chat: Chat) -> dict[str, Customer]:
    """Anna and Bert belong to `owner`, Cleo to `stranger`, Dora to nobody; newest conversation first."""
    made = {
        "Anna": Customer.objects.create(first_name="Anna", last_name="Zed", source="whatsapp", owner=owner),
        "Bert": Customer.objects.create(first_name="bert", source="telegram", owner=owner, is_active=False),
        "Cleo": Customer.objects.create(first_name="Cleo", source="whatsapp", owner=stranger),
        "Dora": Customer.objects.create(first_name="Dora", source="manual"),
    }
    Customer.objects.filter(first_name="bert").update(first_name="Bert")
    chat(made["Anna"], at=datetime(2026, 3, 4, tzinfo=UTC), unread=2)
    chat(made["Bert"], at=datetime(2026, 3, 3, tzinfo=UTC), unread=0)
    chat(made["Cleo"], at=datetime(2026, 3, 2, tzinfo=UTC), unread=5)
    return made


def test_by_owner(as_admin: APIClient, as_owner: APIClient, people: Any, owner: User, stranger: User) -> None:
    assert found(as_admin, f"owner={owner.pk}") == ["Anna", "Bert"]
    assert found(as_owner, f"owner={owner.pk}") == ["Anna", "Bert"]
    assert found(as_owner, f"owner={stranger.pk}") == []
    assert found(as_admin, "owner=987654") == []


def test_whom_a_desk_cannot_have_is_not_looked_for(
    as_owner: APIClient, people: Any, stranger: User, settings: Any
) -> None:
    assert found(as_owner, "unassigned=false") == ["Anna", "Bert"]
    with CaptureQueriesContext(connection) as statements:
        assert found(as_owner, "unassigned=true") == found(as_owner, f"owner={stranger.pk}") == []
    assert not [each for each in statements.captured_queries if 'FROM "customers_customer"' in str(each["sql"])]
    settings.SALES_SEE_UNASSIGNED = True
    assert found(as_owner, "unassigned=true") == ["Dora"]
    assert found(as_owner, "unassigned=false") == ["Anna", "Bert"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Anna", "Bert", "Cleo", "Dora"]),
        ("unassigned=true", ["Dora"]),
        ("unassigned=False", ["Anna", "Bert", "Cleo"]),
        ("source=whatsapp", ["Anna", "Cleo"]),
        ("has_unread=true", ["Anna", "Cleo"]),
        ("has_unread=0", ["Bert", "Dora"]),
        ("is_active=false", ["Bert"]),
        ("is_active=1", ["Anna", "Cleo", "Dora"]),
        ("source=whatsapp&has_unread=true&search=an", ["Anna"]),
        ("owner=&source=&tag=&tag_any=&search=&has_unread=&ordering=", ["Anna", "Bert", "Cleo", "Dora"]),
    ],
)
def test_filters(as_admin: APIClient, people: Any, query: str, expected: list[str]) -> None:
    assert found(as_admin, query) == expected


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("name", ["Anna", "Bert", "Cleo", "Dora"]),
        ("-name", ["Dora", "Cleo", "Bert", "Anna"]),
        ("unread_count", ["Bert", "Dora", "Anna", "Cleo"]),
        ("-unread_count", ["Cleo", "Anna", "Dora", "Bert"]),
        ("unread_count,-name", ["Dora", "Bert", "Anna", "Cleo"]),
        ("last_message_at", ["Dora", "Cleo", "Bert", "Anna"]),
        ("created_at", ["Anna", "Bert", "Cleo", "Dora"]),
        ("-updated_at", ["Dora", "Cleo", "Bert", "Anna"]),
        (" -unread_count , name", ["Cleo", "Anna", "Bert", "Dora"]),
    ],
)
def test_ordering(as_admin: APIClient, people: dict[str, Customer], ordering: str, expected: list[str]) -> None:
    for days, customer in enumerate(people.values()):
        at = timezone.now() + timedelta(days=days)
        Customer.objects.filter(pk=customer.pk).update(date_joined=at, updated_at=at)

    assert found(as_admin, f"ordering={ordering}") == expected


@pytest.mark.parametrize("ordering", ["password", "owner__password,-name", "name,--name", "desk_at"])
def test_an_unknown_ordering_is_refused_with_the_known_ones(as_admin: APIClient, people: Any, ordering: str) -> None:
    response = as_admin.get(f"/api/customers/?ordering={ordering}")

    assert response.status_code == 400
    [text] = response.json()["ordering"]
    assert text.endswith("last_message_at, unread_count, waiting_since, window_expires_at.")


def test_by_tags_given_and_by_source(as_admin: APIClient, as_owner: APIClient, people: dict[str, Customer]) -> None:
    whatsapp = next(tag for tag in ensure_system_tags() if tag.source == "whatsapp")
    vip, new = Tag.objects.create(name="VIP"), Tag.objects.create(name="New")
    for name, tag in [("Anna", vip), ("Anna", new), ("Bert", vip), ("Cleo", new)]:
        CustomerTag.objects.create(customer=people[name], tag=tag)

    assert found(as_admin, f"tag={vip.pk}") == ["Anna", "Bert"]
    assert found(as_admin, f"tag={vip.pk}&tag={new.pk}") == ["Anna"]
    assert found(as_admin, f"tag={whatsapp.pk}") == ["Anna", "Cleo"]
    assert found(as_admin, f"tag={whatsapp.pk}&tag={new.pk}") == ["Anna", "Cleo"]
    assert found(as_owner, f"tag={new.pk}") == ["Anna"]
    assert found(as_admin, "tag=987654") == []
    assert found(as_admin, f"tag={vip.pk}&tag=987654") == []
    assert found(as_admin, f"tag={vip.pk},{new.pk}") == ["Anna"]
    assert found(as_admin, f"tag_any={vip.pk},{new.pk}") == ["Anna", "Bert", "Cleo"]
    assert found(as_admin, f"tag_any={vip.pk}&tag_any={whatsapp.pk}") == ["Anna", "Bert", "Cleo"]
    assert found(as_admin, f"tag_any={whatsapp.pk},987654") == ["Anna", "Cleo"]
    assert found(as_admin, f"tag_any={vip.pk},{new.pk}&tag={new.pk}") == ["Anna", "Cleo"]
    assert found(as_owner, f"tag_any={vip.pk},{new.pk}") == ["Anna", "Bert"]
    assert found(as_admin, "tag_any=987654") == []


@pytest.mark.parametrize(
    "query",
    [
        "owner=sam",
        "owner=0",
        "owner=-1",
        "owner=1.5",
        f"owner={10**30}",
        "owner=" + "9" * 5000,
        "unassigned=maybe",
        "source=pigeon",
        "tag=vip",
        "tag=1,x",
        "tag_any=1,",
        "tag_any=-1",
        f"tag={2**63}",
        "&".join(f"tag={pk}" for pk in range(1, 12)),
        "has_unread=2",
        "is_active=yes",
    ],
)
def test_bad_values_are_refused_by_name(as_admin: APIClient, people: Any, query: str) -> None:
    response = as_admin.get(f"/api/customers/?{query}")

    assert response.status_code == 400
    assert list(response.json()) == [query.partition("=")[0]]


@pytest.mark.parametrize("field", ["search", "ordering", "owner", "tag", "source", "is_active"])
def test_nul_characters_are_refused(as_admin: APIClient, field: str) -> None:
    assert as_admin.get(f"/api/customers/?{field}=a%00b").status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "ohn",
        "JOHN",
        "john doe",
        "doe JOHN",
        "johndoe",
        "john@example",
        "+94771234567",
        "0771234567",
        "077-123-4567",
        "077 123 4567",
        "+94 77 123 4567",
        "1234567",
        "doe 0771234567",
    ],
)
def test_search_finds(as_admin: APIClient, customer: Customer, text: str) -> None:
    Customer.objects.create(first_name="Somebody", last_name="Else", phone="+94770000000", email="e@else.example")

    assert found(as_admin, f"search={quote(text)}") == ["John"]


# Parts of +94772223344, and all of it, as people write them.
AS_WRITTEN = [
    "077222",
    "0772223",
    "(077) 222",
    "(077) 2223344",
    "077/222.33.44",
    "\u202a077 222\u202c",
    "\u206694 77 222 33\u2069",
    "+94 (0)77 222",
    "0094 77 222",
    "00 94 (0)77 222-3344",
    "+94 0772223344",
    "2223344",
]


@pytest.mark.parametrize("text", AS_WRITTEN)
@pytest.mark.parametrize("kind", ["trusted", "not trusted", "claimed"])
def test_search_finds_phones_as_they_are_written(as_admin: APIClient, customer: Customer, text: str, kind: str) -> None:
    phone = {"pending_phone": "+94772223344"} if kind == "claimed" else {"phone": "+94772223344"}
    Customer.objects.create(first_name="Jane", phone_trusted=kind != "not trusted", **phone)
    # The digits are in it, but it does not begin with them.
    Customer.objects.create(first_name="Not she", phone="+94127722233")

    assert found(as_admin, f"search={quote(text)}") == ["Jane"]
    listed = as_admin.get(f"/api/customers/customers/?search={quote(text)}").json()["results"]
    assert [row["first_name"] for row in listed] == ["Jane"]


@pytest.mark.parametrize(
    ("region", "text"), [("GB", "07700 9001"), ("IT", "06 1234"), ("US", "1 202 555"), ("CH", "077222")]
)
def test_search_knows_how_numbers_are_written_at_home(
    as_admin: APIClient, db: None, settings: Any, region: str, text: str
) -> None:
    settings.PHONE_DEFAULT_REGION = region
    homes = {"GB": "+447700900101", "IT": "+390612345678", "US": "+12025550123", "CH": "+41772223344"}
    for name, phone in homes.items():
        Customer.objects.create(first_name=name, phone=phone)
    assert found(as_admin, f"search={quote(text)}") == [region]


def test_search_by_customer_number(as_admin: APIClient, as_stranger: APIClient, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone=None)
    for text in (str(customer.pk), f"CUST{customer.pk:06d}", f"cust{customer.pk}", f"{customer.pk:09d}"):
        assert found(as_admin, f"search={text}") == ["John"]
        assert found(as_stranger, f"search={text}") == []
    assert found(as_admin, f"search=CUST{customer.pk + 999:06d}") == []
    assert found(as_admin, "search=" + "9" * 30) == []


def test_search_takes_special_characters_literally(as_admin: APIClient, customer: Customer) -> None:
    for text in ("%", "_", "j%n", "joh_", "\\", "'", '"', "(", "john%"):
        assert found(as_admin, f"search={quote(text)}") == []
    Customer.objects.create(first_name="100%", last_name="a_b\\c")
    for text in ("%", "0%", "a_b", "\\"):
        assert found(as_admin, f"search={quote(text)}") == ["100%"]


def test_search_knows_letters_beyond_ascii(as_admin: APIClient, db: None) -> None:
    Customer.objects.create(first_name="Élodie")
    Customer.objects.create(first_name="දිනේෂ්")

    for text in ("élodie", "Élodie", "ÉLODIE", "lod"):
        assert found(as_admin, f"search={quote(text)}") == ["Élodie"]
    assert found(as_admin, f"search={quote('දිනේෂ්')}") == ["දිනේෂ්"]


def test_search_looks_at_ten_words(as_admin: APIClient, customer: Customer) -> None:
    assert found(as_admin, "search=" + quote("john " * 10 + "nobody")) == ["John"]
    assert found(as_admin, "search=" + quote("john " * 9 + "nobody")) == []
    assert found(as_admin, "search=" + quote("john " * 90)) == ["John"]


def test_words_too_short_for_an_index_are_looked_for_among_the_first_of_the_desk(
    as_admin: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "FIRST_ON_DESK", 2)
    made = [Customer.objects.create(first_name=name) for name in ("Abel 9", "Abby", "Ada", "Abra")]
    assert found(as_admin, "search=ab") == ["Abra"]
    assert found(as_admin, "search=a b") == ["Abra"]
    for text in ("abe", "ab abe", "abel a", "9", f"{made[0].pk}"):
        assert "Abel 9" in found(as_admin, f"search={text}"), text
    assert found(as_admin, "search=ab&ordering=name") == ["Abra"]
    assert found(as_admin, "search=ab&is_active=true&source=manual") == ["Abra"]
    with CaptureQueriesContext(connection) as statements:
        assert found(as_admin, "search=xq&ordering=unread_count") == []
    asked = [each for each in statements.captured_queries if 'FROM "customers_customer"' in str(each["sql"])]
    assert len(asked) == 2, "the first of the desk, those of them who match, and nobody is looked for once more"
