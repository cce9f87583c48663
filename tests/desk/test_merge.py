"""Merging two customers at the desk: the preview, what moves, which fields are kept, and who may."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.actions.addresses import create_address
from customers.actions.assignments import assign
from customers.actions.customers import create_customer, erase_customer, update_customer
from customers.actions.purchases import record_order
from customers.models import Assignment, Customer, CustomerGroup, Event, GroupMember, Merge
from messaging.models import Conversation, Message
from tags.models import CustomerTag, Tag
from tests.cast import PASSWORD
from whatsapp.models import Identity

WHEN = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
MOVED = ("messages", "contacts", "data", "tags", "orders", "addresses", "groups", "identities")


@pytest.fixture
def twin(owner: User, customer: Customer, chat: Any, admin: User) -> Customer:
    """The same person in another row of `owner`'s, with a chat and one of everything that moves."""
    twin = create_customer(actor=owner, first_name="Johnny", phone="+94770000002", notes="Likes chairs.")
    chat(twin, "Hello from my other phone", at=WHEN, unread=2)
    number = Conversation.objects.get(customer=twin).business_number
    Identity.objects.create(customer=twin, business_number=number, wa_id="94770000002")
    Contact.objects.create(customer=twin, email="a@example.com", wa_number="+94771", tp_number="+94772")
    CustomerData.objects.create(user=owner, customer=twin, key="size", value="42")
    CustomerTag.objects.create(customer=twin, tag=Tag.objects.create(name="VIP", created_by=owner))
    record_order(
        customer_id=twin.pk, actor=admin, number="A-1", status="delivered", total=100, placed_at=timezone.now()
    )
    create_address(
        customer_id=twin.pk, actor=admin, address_type="billing", address_line1="1 Main St", city="Kandy", country="LK"
    )
    GroupMember.objects.create(group=CustomerGroup.objects.create(name="Friends"), customer=twin)
    twin.refresh_from_db()
    return twin


def merge(client: APIClient, gone: Customer, into: Customer, **body: Any) -> Any:
    return client.post(f"/api/customers/{gone.pk}/merge/", {"into": into.pk, **body})


def everything() -> Any:
    """All rows of customers, and who has what."""
    rows = Customer.all_rows.order_by("pk").values()
    theirs = [
        list(model._base_manager.order_by("pk").values_list("pk", "customer"))
        for model in (Message, Contact, CustomerData, CustomerTag, Identity, Assignment, Event)
    ]
    return list(rows), theirs, Merge.objects.count()


def test_a_preview_says_it_all_and_does_nothing(as_owner: APIClient, customer: Customer, twin: Customer) -> None:
    before = everything()

    answer = merge(as_owner, twin, customer, dry_run=True)

    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert body.keys() == {"dry_run", "differs", "moves"}
    assert body["dry_run"] is True
    assert body["moves"] == dict.fromkeys(MOVED, 1)
    assert {row["field"]: (row["this"], row["into"], row["kept"]) for row in body["differs"]} == {
        "first_name": ("Johnny", "John", "into"),
        "last_name": ("", "Doe", "into"),
        "username": ("", "johndoe", "into"),
        "email": ("", "john@example.com", "into"),
        "phone": ("+94770000002", "+94771234567", "into"),
        "source": ("manual", "whatsapp", "into"),
        # An empty value never beats a filled one.
        "notes": ("Likes chairs.", "", "this"),
    }
    assert all(row.keys() == {"field", "this", "into", "kept"} for row in body["differs"])
    assert everything() == before


def test_keep_decides(as_owner: APIClient, customer: Customer, twin: Customer) -> None:
    keep = {"first_name": "this", "notes": "into"}

    differs = merge(as_owner, twin, customer, dry_run=True, keep=keep).json()["differs"]
    assert {row["field"]: row["kept"] for row in differs} | keep == {row["field"]: row["kept"] for row in differs}

    row = merge(as_owner, twin, customer, keep=keep).json()["customer"]
    assert (row["first_name"], row["last_name"], row["notes"]) == ("Johnny", "Doe", "")


def test_one_customer_has_it_all(as_owner: APIClient, owner: User, customer: Customer, twin: Customer) -> None:
    answer = merge(as_owner, twin, customer)

    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert body.keys() == {"merge", "customer"}
    assert body["customer"] == as_owner.get(f"/api/customers/{customer.pk}/").json()
    row = body["customer"]
    assert (row["name"], row["phone"], row["notes"]) == ("John Doe", "+94771234567", "Likes chairs.")
    assert (row["unread_count"], row["last_message"]["text"]) == (2, "Hello from my other phone")
    assert [tag["name"] for tag in row["tags"]] == ["VIP", "Whatsapp"]
    for model in (Message, Contact, CustomerData, CustomerTag, Identity):
        assert set(model._base_manager.values_list("customer", flat=True)) == {customer.pk}, model
    chat = as_owner.get(f"/api/customers/{customer.pk}/messages/").json()["results"]
    assert [message["text"] for message in chat] == ["Hello from my other phone"]
    profile = as_owner.get(f"/api/customers/customers/{customer.pk}/").json()
    assert (profile["total_orders"], profile["total_spent"]) == (1, "100.00")
    listed = as_owner.get("/api/customers/").json()["results"]
    assert [one["id"] for one in listed] == [customer.pk]
    gone = Customer.all_rows.get(pk=twin.pk)
    assert (gone.merged_into, gone.owner, gone.phone) == (customer, None, "+94770000002")
    assert list(gone.assignments.open()) == []


def test_the_other_phone_still_finds_them(as_owner: APIClient, customer: Customer, twin: Customer) -> None:
    merge(as_owner, twin, customer)

    assert Customer.objects.holding_phone(["+94770000002"]) == customer
    assert Customer.objects.holding_phone(["+94771234567"]) == customer
    assert Customer.objects.holding_phone(["+94770000009"]) is None


def test_a_phone_fills_the_gap(as_owner: APIClient, customer: Customer, twin: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone=None)

    row = merge(as_owner, twin, customer).json()["customer"]

    assert row["phone"] == "+94770000002"
    assert Customer.all_rows.get(pk=twin.pk).phone is None


def test_both_phones_stay_theirs_when_the_other_one_is_kept(
    as_owner: APIClient, as_admin: APIClient, customer: Customer, twin: Customer
) -> None:
    row = merge(as_owner, twin, customer, keep={"phone": "this"}).json()["customer"]

    assert row["phone"] == "+94770000002"
    assert Customer.objects.holding_phone(["+94771234567"]) == customer
    # And the desk can choose again.
    assert as_admin.patch(f"/api/customers/{customer.pk}/", {"phone": "+94771234567"}).status_code == 200
    assert as_admin.patch(f"/api/customers/{customer.pk}/", {"phone": "+94770000002"}).status_code == 200


def test_nobody_else_gets_a_phone_that_waits(
    as_owner: APIClient, as_admin: APIClient, customer: Customer, twin: Customer
) -> None:
    merge(as_owner, twin, customer)

    answer = as_admin.post("/api/customers/", {"name": "Somebody Else", "phone": "+94770000002"})

    assert (answer.status_code, list(answer.json())) == (400, ["phone"])


def test_it_is_told_in_both_logs(as_owner: APIClient, owner: User, customer: Customer, twin: Customer) -> None:
    last = Customer.objects.get(pk=customer.pk).last_seq

    pk = merge(as_owner, twin, customer).json()["merge"]

    told = {"merge": pk, "gone": twin.pk, "into": customer.pk}
    events = Event.objects.filter(customer=customer, seq__gt=last).order_by("seq")
    assert [event.type for event in events] == ["tags_changed", "customer_updated", "customer_merged"]
    assert (events[2].data, events[2].actor) == (told, owner)
    assert events[1].data["notes"] == "Likes chairs."
    theirs = Event.objects.filter(customer=twin).order_by("-seq")
    assert [event.type for event in theirs[:2]] == ["customer_merged", "assignment_changed"]
    assert theirs[0].data == told
    for one in (customer, twin):
        seqs = list(Event.objects.filter(customer=one).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))


def test_an_owner_fills_the_gap(as_admin: APIClient, owner: User, customer: Customer, twin: Customer) -> None:
    nobodys = Customer.objects.create(first_name="Jon")

    row = merge(as_admin, twin, nobodys).json()["customer"]

    assert row["owner"]["id"] == owner.pk
    assert Assignment.objects.open().get(customer=nobodys).salesperson == owner


def test_an_owner_who_sells_no_more_is_nobodys(as_admin: APIClient, owner: User, twin: Customer) -> None:
    nobodys = Customer.objects.create(first_name="Jon")
    User.objects.filter(pk=owner.pk).update(is_active=False)

    assert merge(as_admin, twin, nobodys).json()["customer"]["owner"] is None


def test_the_source_takes_its_tag_along(as_admin: APIClient, customer: Customer, twin: Customer) -> None:
    row = merge(as_admin, twin, customer, keep={"source": "this"}).json()["customer"]

    assert row["source"] == "manual"
    assert [tag["name"] for tag in row["tags"]] == ["VIP"]
    changed = Event.objects.filter(customer=customer, type="tags_changed").order_by("-seq")[0]
    assert [tag["name"] for tag in changed.data["removed"]] == ["Whatsapp"]


@pytest.fixture
def registered(twin: Customer) -> Customer:
    login = User.objects.create_user("johnny", "johnny@example.com", PASSWORD, role="customer")
    Customer.objects.filter(pk=twin.pk).update(user=login, username="johnny", email="johnny@example.com")
    twin.refresh_from_db()
    return twin


def test_a_login_moves_along_with_what_it_signs_in_with(
    as_owner: APIClient, customer: Customer, registered: Customer, client_of: Any
) -> None:
    differs = merge(as_owner, registered, customer, dry_run=True).json()["differs"]
    kept = {row["field"]: row["kept"] for row in differs}
    assert (kept["username"], kept["email"], kept["first_name"]) == ("this", "this", "into")

    row = merge(as_owner, registered, customer).json()["customer"]

    assert (row["username"], row["email"], row["first_name"]) == ("johnny", "johnny@example.com", "John")
    me = client_of(registered.user).get("/api/customers/customers/me/").json()
    assert (me["id"], me["first_name"]) == (customer.pk, "John")
    assert User.objects.get(username="johnny").first_name == "John"


@pytest.mark.parametrize("field", ["username", "email", "is_active"])
def test_what_somebody_signs_in_with_is_not_chosen(
    as_owner: APIClient, customer: Customer, registered: Customer, field: str
) -> None:
    before = everything()

    answer = merge(as_owner, registered, customer, keep={field: "into"})

    assert (answer.status_code, list(answer.json())) == (400, ["keep"])
    assert everything() == before


def test_two_logins_are_two_people(
    as_owner: APIClient, customer_login: User, customer: Customer, registered: Customer
) -> None:
    before = everything()

    for dry_run in (True, False):
        answer = merge(as_owner, registered, customer, dry_run=dry_run)
        assert (answer.status_code, list(answer.json())) == (400, ["into"])
    assert everything() == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"into": None},
        {"into": "x"},
        {"into": 99_999_999},
        {"into": True},
        {"keep": {"first_name": "both"}},
        {"keep": {"shoe_size": "this"}},
        {"keep": {"loyalty_points": "this"}},
        {"keep": ["first_name"]},
        {"keep": None},
        {"dry_run": "perhaps"},
    ],
)
def test_nonsense(as_owner: APIClient, customer: Customer, twin: Customer, body: dict[str, Any]) -> None:
    before = everything()
    given = {"into": customer.pk, **body} if body else {}

    answer = as_owner.post(f"/api/customers/{twin.pk}/merge/", given)

    assert (answer.status_code, list(answer.json())) == (400, list(body)[:1] or ["into"])
    assert everything() == before


def test_not_with_themselves(as_owner: APIClient, customer: Customer) -> None:
    assert list(merge(as_owner, customer, customer).json()) == ["into"]


def test_both_must_be_yours(
    as_owner: APIClient,
    as_stranger: APIClient,
    as_customer: APIClient,
    stranger: User,
    customer: Customer,
    twin: Customer,
) -> None:
    theirs = Customer.objects.create(first_name="Theirs", owner=stranger)
    before = everything()

    assert merge(as_owner, theirs, customer).status_code == 404
    answer = merge(as_owner, twin, theirs)
    assert (answer.status_code, answer.json()) == (
        400,
        {"into": [f'Invalid pk "{theirs.pk}" - object does not exist.']},
    )
    assert merge(as_stranger, twin, customer).status_code == 404
    assert merge(as_customer, twin, customer).status_code == 403
    assert everything() == before


def test_two_keys_of_one_user_both_stay(as_owner: APIClient, owner: User, customer: Customer, twin: Customer) -> None:
    CustomerData.objects.create(user=owner, customer=customer, key="size", value="43")
    CustomerData.objects.create(user=owner, customer=twin, key="size (2)", value="44")

    merge(as_owner, twin, customer)

    entries = as_owner.get(f"/api/message/customer/{customer.pk}/data/").json()
    assert {entry["key"]: entry["value"] for entry in entries} == {
        "size": "43",
        "size (2)": "42",
        "size (2) (2)": "44",
    }


def test_a_picture_is_never_lost(
    as_owner: APIClient, customer: Customer, twin: Customer, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    twin.avatar.save("me.png", ContentFile(b"picture"))

    merge(as_owner, twin, customer)

    customer.refresh_from_db()
    assert customer.avatar.read() == b"picture"
    assert not Customer.all_rows.get(pk=twin.pk).avatar


def test_the_number_of_statements_does_not_grow(
    as_owner: APIClient, owner: User, customer: Customer, twin: Customer, django_assert_max_num_queries: Any
) -> None:
    first = Message.objects.get(customer=twin)
    Message.objects.bulk_create(
        Message(
            customer=twin,
            business_number=first.business_number,
            direction="inbound",
            text="again",
            status="received",
            ordered_at=WHEN,
            wamid=f"again{n}",
        )
        for n in range(500)
    )
    Contact.objects.bulk_create(
        Contact(customer=twin, email=f"{n}@example.com", wa_number=f"+9477{n:05}", tp_number=f"+9411{n:05}")
        for n in range(50)
    )

    with django_assert_max_num_queries(130):
        assert merge(as_owner, twin, customer).status_code == 200
    assert (Message.objects.filter(customer=customer).count(), Contact.objects.filter(customer=customer).count()) == (
        501,
        51,
    )


def test_erasing_leaves_nothing_of_either_row(
    as_owner: APIClient, as_admin: APIClient, customer: Customer, twin: Customer
) -> None:
    merge(as_owner, twin, customer)
    third = Customer.objects.create(first_name="Jon")
    merge(as_admin, customer, third)

    erase_customer(customer_id=third.pk, actor=None)

    assert not Customer.all_rows.exists()
    assert not Merge.objects.exists()
    assert not Message.objects.exists()


def test_a_customer_is_written_to_where_they_are(
    as_owner: APIClient, as_admin: APIClient, customer: Customer, twin: Customer, stranger: User
) -> None:
    """What follows a merge goes to the one who is left, whose owner can change like any other's."""
    merge(as_owner, twin, customer)

    assign(customer_id=customer.pk, salesperson=stranger, actor=None)
    update_customer(customer_id=customer.pk, actor=None, changes={"notes": "Moved."})

    assert as_admin.get(f"/api/customers/{customer.pk}/").json()["owner"]["id"] == stranger.pk
    assert as_owner.get(f"/api/customers/{customer.pk}/").status_code == 404
