"""Names that stand in a list are found, in every search field and however they are typed, on both databases alike."""

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from contacts.models import Contact
from core.folding import folded
from customer_data.models import CustomerData
from customers.models import (
    Address,
    Assignment,
    Customer,
    CustomerGroup,
    GroupMember,
    LoyaltyEntry,
    Merge,
    Review,
    WishlistItem,
)
from messaging.models import Attachment, BusinessNumber, Message
from tags.models import CustomerTag, Tag
from tests.names import NAMES
from whatsapp.models import Identity, Template

pytestmark = pytest.mark.django_db

# Stores the n-th row with a name and returns its id.
Store = Callable[[Any, int, str], int]


def user(_: Any, n: int, name: str) -> int:
    return User.objects.create_user(f"seller{n}", f"seller{n}@desk.example", role="sales", last_name=name).pk


def customer(client: Any, n: int, name: str) -> int:
    made: int = client.post("/api/customers/", {"last_name": name}).json()["id"]
    return made


def contact(client: Any, n: int, name: str) -> int:
    numbers = {"wa_number": f"+94771{n:06d}", "tp_number": f"+94112{n:06d}"}
    of = customer(client, n, name)
    return Contact.objects.create(customer_id=of, email=f"x{n}@example.com", **numbers).pk


def data(client: Any, n: int, **fields: str) -> int:
    of = Customer.objects.create(first_name=f"Row {n}").pk
    answer = client.post("/api/message/customer-data/", {"customer": of, "key": "note", "value": "x", **fields})
    made: int = answer.json()["id"]
    return made


def tag(client: Any, n: int, name: str) -> int:
    made: int = client.post("/api/v1/msg/tags/", {"name": name}).json()["id"]
    return made


def address(client: Any, n: int, **fields: str) -> int:
    of = Customer.objects.create(first_name=f"Row {n}").pk
    place = {"address_type": "billing", "address_line1": "1 Lake Road", "city": "Kandy", "postal_code": "20000"}
    place |= {"country": "Sri Lanka", "customer": of}
    made: int = client.post("/api/customers/addresses/", {**place, **fields}).json()["id"]
    return made


def template(_: Any, n: int, name: str) -> int:
    return Template.objects.create(waba_id="1", name=name, category="MARKETING", language="en", status="APPROVED").pk


# Each search field, by the path and the parameter, with how its rows are stored.
LISTS: dict[tuple[str, str, str], Store] = {
    ("/api/customers/", "search", "name"): customer,
    ("/api/customers/customers/", "search", "name"): customer,
    ("/api/contacts/", "search", "the customer's name"): contact,
    ("/api/message/customer-data/", "search", "key"): lambda client, n, name: data(client, n, key=name),
    ("/api/message/customer-data/", "search", "value"): lambda client, n, name: data(client, n, value=name),
    ("/api/v1/msg/tags/", "search", "name"): tag,
    ("/api/users/", "search", "name"): user,
    ("/api/templates/", "search", "name"): template,
    ("/api/customers/addresses/", "city", "city"): lambda client, n, name: address(client, n, city=name),
    ("/api/customers/addresses/", "state", "state"): lambda client, n, name: address(client, n, state=name),
    ("/api/customers/addresses/", "country", "country"): lambda client, n, name: address(client, n, country=name),
}


def ids(answer: Any) -> set[int]:
    """The ids of the rows of a list, whichever shape it has."""
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    rows = body.get("data", body) if isinstance(body, dict) else body
    return {row["id"] for row in (rows["results"] if isinstance(rows, dict) else rows)}


@pytest.mark.parametrize("field", LISTS, ids=" ".join)
def test_the_lists_of_the_api(as_admin: APIClient, field: tuple[str, str, str]) -> None:
    path, parameter, _ = field
    stored = {name: LISTS[field](as_admin, n, name) for n, name in enumerate(NAMES)}
    missing = []
    for n, (name, spellings) in enumerate(NAMES.items()):
        if parameter in ("state", "country"):
            some = [spelling for spelling in spellings if folded(spelling) == folded(name)]
        else:
            # All spellings in the first list; in the others two of each name, other ones in each.
            some = spellings if path == "/api/customers/" else [name, spellings[n % len(spellings)]]
        for spelling in some:
            if stored[name] not in ids(as_admin.get(path, {parameter: spelling})):
                missing.append((name, spelling))
    assert missing == []
    assert not ids(as_admin.get(path, {parameter: "nobody-is-called-so"}))


def member(n: int, name: str) -> int:
    group = CustomerGroup.objects.create(name=name)
    return GroupMember.objects.create(group=group, customer=Customer.objects.create()).pk


def identity(n: int, name: str) -> int:
    number, _ = BusinessNumber.objects.get_or_create(external_id="1")
    who = {"customer": Customer.objects.create(), "business_number": number, "wa_id": f"9477{n:07d}"}
    row: int = Identity.objects.create(profile_name=name, **who).pk
    return row


def entry(n: int, name: str) -> int:
    tiers = {"tier_before": "bronze", "tier_after": "silver", "points": 0, "points_after": 0}
    return LoyaltyEntry.objects.create(customer=Customer.objects.create(), reason=name, **tiers).pk


def assignment(n: int, name: str) -> int:
    seller = User.objects.filter(role="sales").first()
    return Assignment.objects.create(customer=Customer.objects.create(), salesperson=seller, note=name).pk


def merge(n: int, name: str) -> int:
    kept = Customer.objects.create()
    gone = Customer.objects.create(first_name=name, merged_into=kept)
    return Merge.objects.create(gone=gone, into=kept).pk


def on_paper(n: int, name: str) -> int:
    place = {"address_type": "billing", "address_line1": name, "city": "Kandy", "country": "LK"}
    return Address.objects.create(customer=Customer.objects.create(), **place).pk


def file(n: int, name: str) -> int:
    number, _ = BusinessNumber.objects.get_or_create(external_id="1")
    of = {"customer": Customer.objects.create(), "business_number": number, "direction": "inbound"}
    message = Message.objects.create(type="document", status="received", **of)
    return Attachment.objects.create(message=message, file_name=f"{name}.pdf").pk


PAGES: dict[str, Callable[[int, str], int]] = {
    "accounts/user": lambda n, name: user(None, n, name),
    "contacts/contact": lambda n, name: (
        Contact.objects.create(customer=Customer.objects.create(first_name=name), email=f"x{n}@example.com").pk
    ),
    "customer_data/customerdata": lambda n, name: (
        CustomerData.objects.create(
            customer=Customer.objects.create(), user=User.objects.get(role="admin"), key="k", value=name
        ).pk
    ),
    "customers/address": on_paper,
    "customers/assignment": assignment,
    "customers/customer": lambda n, name: Customer.objects.create(first_name=name).pk,
    "customers/customergroup": lambda n, name: CustomerGroup.objects.create(name=name).pk,
    "customers/groupmember": member,
    "customers/loyaltyentry": entry,
    "customers/merge": merge,
    "customers/review": lambda n, name: (
        Review.objects.create(customer=Customer.objects.create(), product_id="p", rating=5, text=name).pk
    ),
    "customers/wishlistitem": lambda n, name: (
        WishlistItem.objects.create(customer=Customer.objects.create(), product_id="p", name=name).pk
    ),
    "messaging/attachment": file,
    "tags/customertag": lambda n, name: (
        CustomerTag.objects.create(customer=Customer.objects.create(), tag=Tag.objects.create(name=name)).pk
    ),
    "tags/tag": lambda n, name: Tag.objects.create(name=name).pk,
    "whatsapp/identity": identity,
    "whatsapp/template": lambda n, name: template(None, n, name),
}


@pytest.mark.parametrize("page", PAGES)
def test_the_search_boxes_of_django_admin(admin: User, owner: User, client: Client, page: str) -> None:
    client.force_login(admin)
    # Some names for each page, all of them together.
    start = list(PAGES).index(page)
    for n, (name, spellings) in enumerate(list(NAMES.items())[start % 8 :: 8]):
        pk = PAGES[page](n, name)
        for spelling in (name, spellings[-1]):
            shown = client.get(f"/admin/{page}/", {"q": spelling}).content.decode()
            assert f"/admin/{page}/{pk}/change/" in shown, (name, spelling)
    assert "0 results" in client.get(f"/admin/{page}/", {"q": "nobody-is-called-so"}).content.decode()


# What a form field accepts: whole letters, without control characters.
_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=3, max_size=20)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_TEXT.filter(lambda text: text.strip()), part=st.data())
def test_what_is_stored_is_found_by_any_part_of_it(as_admin: APIClient, text: str, part: Any) -> None:
    made = as_admin.post("/api/message/customer-data/", {"customer": _somebody(), "key": "k", "value": text}).json()
    words = made["value"].split()
    word = part.draw(st.sampled_from(words))
    start = part.draw(st.integers(0, len(word) - 1))
    for typed in (word[start:], word[: start + 1], normalize("NFD", word), normalize("NFC", word), made["value"]):
        answer = as_admin.get("/api/message/customer-data/", {"search": typed})
        assert made["id"] in ids(answer), typed


def _somebody() -> int:
    return Customer.objects.create().pk
