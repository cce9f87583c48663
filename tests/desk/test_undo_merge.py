"""Undoing a merge: each customer has what they had, and what came since stays with the survivor."""

import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.actions.addresses import create_address
from customers.actions.assignments import assign
from customers.actions.locking import lock
from customers.actions.loyalty import add_points
from customers.actions.merge import merge_customers
from customers.actions.purchases import record_order
from customers.export import archive
from customers.keepers import keepers, rows_of
from customers.models import Address, Assignment, Customer, Event, LoyaltyEntry, Merge, MergeReason, Order
from messaging.actions.message_changes import revoke_message
from messaging.actions.reading import mark_read
from messaging.actions.receiving import receive_message
from messaging.channels import Inbound
from messaging.models import BusinessNumber, Conversation, Message
from tags.models import CustomerTag, Tag
from tests.cast import PASSWORD
from whatsapp.models import Identity

# What a merge and its undoing leave behind on purpose.
LOGS = ("events", "assignments", "merges_of_others", "merges_into_others", "merged_rows")
CHANGES = ("updated_at", "last_seq")


@pytest.fixture
def number(db: None) -> BusinessNumber:
    return BusinessNumber.objects.create(transport="whatsapp", external_id="1")


@pytest.fixture
def writes(number: BusinessNumber) -> Any:
    """Let a customer write from an address."""

    def write(customer: Customer, text: str, address: str) -> None:
        with transaction.atomic():
            inbound = Inbound(
                wamid=f"w{Message.objects.count()}", type="text", text=text, at=timezone.now(), address=address
            )
            receive_message(customer=lock(customer.pk), number=number, inbound=inbound)

    return write


def furnish(customer: Customer, mark: str, number: BusinessNumber, user: User, writes: Any) -> None:
    """Give a customer two of everything, one of which another customer may have as well."""
    Identity.objects.create(customer=customer, business_number=number, wa_id=f"9477{mark}")
    writes(customer, f"Hello from {mark}", f"9477{mark}")
    for name in ("both", mark):
        # The one that both have is not the primary one of the row that goes.
        Contact.objects.create(
            customer=customer,
            email=f"{name}@example.com",
            wa_number=f"+9477{sum(name.encode()):05}",
            tp_number=f"+9411{sum(name.encode()):05}",
            is_primary=name == mark,
        )
        CustomerData.objects.create(user=user, customer=customer, key=name, value=mark)
        CustomerTag.objects.create(customer=customer, tag=Tag.objects.get_or_create(name=name)[0])
        create_address(
            customer_id=customer.pk, actor=user, address_type="billing", address_line1=name, city="Kandy", country="LK"
        )
    record_order(
        customer_id=customer.pk, actor=user, number=mark, status="delivered", total=600, placed_at=timezone.now()
    )
    add_points(customer_id=customer.pk, actor=user, points=len(mark), reason="Welcome")


@pytest.fixture
def pair(admin: User, owner: User, number: BusinessNumber, writes: Any) -> tuple[Customer, Customer]:
    """Two customers of `owner`'s, with nothing empty: the one who goes, and the one who stays."""
    found = []
    for mark in ("00001", "000002"):
        customer = Customer.objects.create(first_name=f"Jon {mark}", phone=f"+9477{mark}", email=f"{mark}@example.com")
        assign(customer_id=customer.pk, salesperson=owner, actor=admin)
        furnish(customer, mark, number, admin, writes)
        found.append(customer)
    for customer in found:
        customer.refresh_from_db()
    return found[0], found[1]


def state(*customers: Customer) -> Any:
    """Everything these customers have, but for what only grows."""
    found: dict[Any, Any] = {}
    for customer in customers:
        for keeper in keepers():
            if keeper.relation not in LOGS:
                rows = rows_of(keeper.rows(customer), "updated_at")
                found[customer.pk, keeper.relation] = rows
        fields = Customer.all_rows.values().get(pk=customer.pk)
        found[customer.pk, "fields"] = {name: value for name, value in fields.items() if name not in CHANGES}
    return found


def undo(client: APIClient, pk: int) -> Any:
    return client.post(f"/api/customers/merges/{pk}/undo/")


def merge(client: APIClient, gone: Customer, into: Customer, **body: Any) -> int:
    answer = client.post(f"/api/customers/{gone.pk}/merge/", {"into": into.pk, **body})
    assert answer.status_code == 200, answer.json()
    pk: int = answer.json()["merge"]
    return pk


@pytest.mark.parametrize(
    "keep",
    [{}, {"first_name": "this", "phone": "this", "notes": "this", "source": "this", "email": "this", "is_vip": "into"}],
)
def test_both_have_what_they_had(as_owner: APIClient, pair: tuple[Customer, Customer], keep: dict[str, str]) -> None:
    gone, into = pair
    before, assignments = state(gone, into), list(Assignment.objects.order_by("pk").values())

    answer = undo(as_owner, merge(as_owner, gone, into, keep=keep))

    assert answer.status_code == 200, answer.json()
    assert answer.json() == {
        "restored": as_owner.get(f"/api/customers/{gone.pk}/").json(),
        "into": as_owner.get(f"/api/customers/{into.pk}/").json(),
    }
    assert state(gone, into) == before
    assert as_owner.get(f"/api/customers/{gone.pk}/events/").status_code == 200
    assert list(Assignment.objects.order_by("pk").values()) == assignments


def test_a_row_without_anything_gets_everything_and_gives_it_back(
    as_admin: APIClient, pair: tuple[Customer, Customer]
) -> None:
    gone, empty = pair[0], Customer.objects.create()
    before = state(gone, empty)

    pk = merge(as_admin, gone, empty)
    assert Customer.objects.get(pk=empty.pk).phone == gone.phone
    undo(as_admin, pk)

    assert state(gone, empty) == before


def test_a_chain_comes_apart_from_its_end(as_admin: APIClient, pair: tuple[Customer, Customer]) -> None:
    first, second = pair
    third = Customer.objects.create(first_name="Jonny")
    before = state(first, second, third)
    one = merge(as_admin, first, second)
    two = merge(as_admin, second, third)

    answer = undo(as_admin, one)
    assert (answer.status_code, answer.json()["code"]) == (409, "merged_since")
    assert undo(as_admin, two).status_code == 200
    assert undo(as_admin, one).status_code == 200

    assert state(first, second, third) == before


def test_two_merges_into_one_in_the_order_in_which_they_came(
    as_admin: APIClient, pair: tuple[Customer, Customer]
) -> None:
    """The second took over what the first had brought."""
    first, second = pair
    third = Customer.objects.create(first_name="Jonny")
    before = state(first, second, third)
    one, two = merge(as_admin, first, third), merge(as_admin, second, third)

    assert undo(as_admin, one).status_code == 200
    assert undo(as_admin, two).status_code == 200

    after = state(first, second, third)
    # An empty chat stays: when the second came, the first had written in it.
    chat = {"unread_count": 0, "last_message_id": None, "last_inbound_at": None, "last_address": None}
    assert after[third.pk, "conversation"][0].items() >= chat.items()
    after[third.pk, "conversation"] = []
    assert after == before


def test_what_came_since_stays_with_the_survivor(
    as_owner: APIClient, admin: User, owner: User, pair: tuple[Customer, Customer], writes: Any
) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    as_owner.patch(f"/api/customers/{into.pk}/", {"first_name": "Jonathan", "notes": "Called."})
    writes(into, "One more thing", "9477000002")
    Contact.objects.create(customer=into, email="new@example.com", wa_number="+94779", tp_number="+94119")
    CustomerTag.objects.filter(customer=into, tag__name="00001").delete()
    record_order(customer_id=into.pk, actor=admin, number="new", status="delivered", total=7, placed_at=timezone.now())
    add_points(customer_id=into.pk, actor=admin, points=-3, reason="Spent")

    undo(as_owner, pk)

    into.refresh_from_db()
    restored = Customer.objects.get(pk=gone.pk)
    assert (into.first_name, into.notes) == ("Jonathan", "Called.")
    assert (restored.first_name, restored.notes) == (gone.first_name, gone.notes)
    assert list(Message.objects.filter(customer=into).order_by("pk").values_list("text", flat=True)) == [
        "Hello from 000002",
        "One more thing",
    ]
    assert Message.objects.get(customer=restored).text == "Hello from 00001"
    assert Contact.objects.get(email="new@example.com").customer == into
    assert list(CustomerTag.objects.filter(customer=restored).values_list("tag__name", flat=True)) == ["both"]
    assert (into.total_orders, str(into.total_spent), into.loyalty_points) == (2, "607.00", 3)
    assert (restored.total_orders, str(restored.total_spent), restored.loyalty_points) == (1, "600.00", 5)
    chat = Conversation.objects.get(customer=into)
    assert (chat.unread_count, chat.last_address) == (2, "9477000002")
    assert chat.last_message is not None
    assert chat.last_message.text == "One more thing"


@pytest.mark.parametrize("whose", [0, 1])
@pytest.mark.parametrize("reads", [False, True])
def test_a_message_that_was_taken_back_since_is_not_unread(
    as_owner: APIClient, owner: User, pair: tuple[Customer, Customer], number: BusinessNumber, whose: int, reads: bool
) -> None:
    taken = Message.objects.get(customer=pair[whose])
    pk = merge(as_owner, *pair)
    revoke_message(number=number, wamid=str(taken.wamid), at=timezone.now())
    if reads:
        mark_read(customer_id=pair[1].pk, actor=owner)

    undo(as_owner, pk)

    rows = [as_owner.get(f"/api/customers/{one.pk}/").json()["unread_count"] for one in pair]
    assert rows == ([0, 0] if reads else [whose, 1 - whose])


def test_points_never_go_below_zero(as_owner: APIClient, admin: User, pair: tuple[Customer, Customer]) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    add_points(customer_id=into.pk, actor=admin, points=-10, reason="Spent")

    undo(as_owner, pk)

    assert [Customer.objects.get(pk=one.pk).loyalty_points for one in pair] == [5, 0]


def test_an_order_that_was_cancelled_since(as_owner: APIClient, admin: User, pair: tuple[Customer, Customer]) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    order = Order.objects.get(number="00001")
    record_order(customer_id=into.pk, actor=admin, number=order.number, status="cancelled")

    undo(as_owner, pk)

    for one in pair:
        one.refresh_from_db()
    assert [(one.total_orders, str(one.total_spent)) for one in pair] == [(0, "0.00"), (1, "600.00")]


def test_reading_counts_for_both(
    as_owner: APIClient, owner: User, pair: tuple[Customer, Customer], writes: Any
) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    mark_read(customer_id=into.pk, actor=owner)
    writes(into, "And now?", "9477000002")

    undo(as_owner, pk)

    rows = [as_owner.get(f"/api/customers/{one.pk}/").json()["unread_count"] for one in pair]
    assert rows == [0, 1]


def test_an_answer_goes_to_nobody_elses_address(
    as_owner: APIClient, pair: tuple[Customer, Customer], writes: Any
) -> None:
    """The one who wrote last may be the one who goes back."""
    gone, into = pair
    own = Conversation.objects.get(customer=into)
    pk = merge(as_owner, gone, into)
    writes(into, "It is me again", "947700001")
    latest = Conversation.objects.get(customer=into).last_inbound_at

    undo(as_owner, pk)

    chat, theirs = (Conversation.objects.get(customer=one) for one in (into, gone))
    assert (chat.last_address, chat.last_inbound_at) == ("9477000002", own.last_inbound_at)
    assert (theirs.last_address, theirs.last_inbound_at) == ("947700001", latest)


def test_a_contact_that_clashes_by_now_stays(as_owner: APIClient, pair: tuple[Customer, Customer]) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    Contact.objects.filter(customer=into, email="both@example.com").delete()
    Contact.objects.filter(customer=into, email="00001@example.com").update(email="BOTH@example.com")

    assert undo(as_owner, pk).status_code == 200

    assert list(Contact.objects.filter(customer=gone).values_list("email", flat=True)) == ["both@example.com"]
    assert "BOTH@example.com" in Contact.objects.filter(customer=into).values_list("email", flat=True)


def test_a_key_that_was_changed_keeps_its_name(as_owner: APIClient, pair: tuple[Customer, Customer]) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    CustomerData.objects.filter(customer=into, key="both (2)").update(key="shoes")

    undo(as_owner, pk)

    keys = CustomerData.objects.filter(customer=gone).order_by("key").values_list("key", flat=True)
    assert list(keys) == ["00001", "shoes"]


def test_a_default_that_was_chosen_since_stays(as_owner: APIClient, pair: tuple[Customer, Customer]) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    Address.objects.filter(customer=into).update(is_default=False)
    moved = Merge.objects.get().moved_of("addresses")["ids"]
    Address.objects.filter(pk=moved[1]).update(is_default=True)

    undo(as_owner, pk)

    defaults = Address.objects.filter(is_default=True).values_list("customer", "address_line1")
    assert set(defaults) == {(gone.pk, "both"), (into.pk, "both")}


def test_a_phone_that_somebody_else_has_by_now(
    as_owner: APIClient, as_admin: APIClient, pair: tuple[Customer, Customer]
) -> None:
    gone, into = pair
    Customer.objects.filter(pk=into.pk).update(phone=None)
    Customer.objects.filter(pk=gone.pk).update(phone="+94771000001")
    gone.refresh_from_db()
    pk = merge(as_owner, gone, into)
    as_admin.patch(f"/api/customers/{into.pk}/", {"phone": "+94770000009"})
    assert as_admin.post("/api/customers/", {"name": "Else", "phone": gone.phone}).status_code == 201

    assert undo(as_owner, pk).status_code == 200

    restored = Customer.objects.get(pk=gone.pk)
    assert (restored.phone, restored.phone_trusted) == (gone.phone, False)
    assert Customer.objects.get(pk=into.pk).phone == "+94770000009"


def test_a_phone_the_survivor_took_goes_back(
    as_owner: APIClient, as_admin: APIClient, pair: tuple[Customer, Customer]
) -> None:
    """It was the other one's, whoever entered it since."""
    gone, into = pair
    pk = merge(as_owner, gone, into)
    assert as_admin.patch(f"/api/customers/{into.pk}/", {"phone": gone.phone}).status_code == 200

    undo(as_owner, pk)

    phones = [(one.phone, one.phone_trusted) for one in (Customer.objects.get(pk=one.pk) for one in pair)]
    assert phones == [(gone.phone, True), (into.phone, True)]


def test_a_phone_that_is_not_trusted_any_more_stays_so(as_owner: APIClient, pair: tuple[Customer, Customer]) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    Customer.all_rows.filter(pk=gone.pk).update(phone_trusted=False)

    undo(as_owner, pk)

    phones = [(one.phone, one.phone_trusted) for one in (Customer.objects.get(pk=one.pk) for one in pair)]
    assert phones == [(gone.phone, False), (into.phone, True)]


def test_an_owner_who_sells_no_more_gets_nobody_back(
    as_admin: APIClient, owner: User, stranger: User, pair: tuple[Customer, Customer]
) -> None:
    gone, into = pair
    pk = merge(as_admin, gone, into)
    assign(customer_id=into.pk, salesperson=stranger, actor=None)
    User.objects.filter(pk=owner.pk).update(is_active=False)

    undo(as_admin, pk)

    assert [Customer.objects.get(pk=one.pk).owner for one in pair] == [None, stranger]
    assert list(Customer.objects.get(pk=gone.pk).assignments.open()) == []


def test_a_picture_goes_back(
    as_owner: APIClient, pair: tuple[Customer, Customer], settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    gone, into = pair
    Customer.objects.get(pk=gone.pk).avatar.save("me.png", ContentFile(b"picture"))

    undo(as_owner, merge(as_owner, gone, into))

    assert Customer.objects.get(pk=gone.pk).avatar.read() == b"picture"
    assert not Customer.objects.get(pk=into.pk).avatar


@pytest.fixture
def registered(pair: tuple[Customer, Customer]) -> User:
    """The login of the one who goes."""
    login = User.objects.create_user("jonny", "jonny@example.com", PASSWORD, role="customer", first_name="Jon 00001")
    Customer.objects.filter(pk=pair[0].pk).update(user=login, username="jonny", email="jonny@example.com")
    return login


def test_a_login_goes_back_with_what_it_signs_in_with_now(
    as_owner: APIClient, pair: tuple[Customer, Customer], registered: User, client_of: Any
) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    client = client_of(registered)
    change = {"email": "new@example.com", "current_password": PASSWORD}
    changed = client.patch("/api/customers/customers/update_profile/", change)
    assert changed.json()["id"] == into.pk

    undo(as_owner, pk)

    me = client.get("/api/customers/customers/me/").json()
    assert (me["id"], me["email"], me["username"], me["first_name"]) == (
        gone.pk,
        "new@example.com",
        "jonny",
        "Jon 00001",
    )
    left = Customer.objects.get(pk=into.pk)
    assert (left.user, left.username, left.email) == (None, into.username, into.email)
    registered.refresh_from_db()
    assert registered.first_name == "Jon 00001"


def test_what_the_other_one_said_meanwhile_is_not_exported(
    as_owner: APIClient, pair: tuple[Customer, Customer], writes: Any, settings: Any
) -> None:
    """It stays with the survivor, but people only get what is proved to be theirs."""
    settings.CHANNELS = {"sms": "tests.customers.doubles.Proved"}
    gone, into = pair
    pk = merge(as_owner, gone, into)
    writes(into, "Between us", "947700001")
    assert "Between us" in exported(into)

    undo(as_owner, pk)

    assert "Between us" not in exported(into)
    assert "Hello from 00001" in exported(gone)


def exported(customer: Customer) -> str:
    with zipfile.ZipFile(archive(Customer.objects.get(pk=customer.pk), for_themselves=True)) as archived:
        return b"".join(map(archived.read, archived.namelist())).decode()


def test_what_the_events_say(as_owner: APIClient, owner: User, pair: tuple[Customer, Customer]) -> None:
    gone, into = pair
    pk = merge(as_owner, gone, into)
    undo(as_owner, pk)

    for one in pair:
        newest = Event.objects.filter(customer=one).order_by("-seq")[0]
        assert (newest.type, newest.data, newest.actor) == (
            "merge_undone",
            {"merge": pk, "gone": gone.pk, "into": into.pk},
            owner,
        )
        seqs = list(Event.objects.filter(customer=one).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))


def test_an_assignment_that_goes_on_is_told_like_one_that_begins(
    as_owner: APIClient, owner: User, pair: tuple[Customer, Customer]
) -> None:
    gone, into = pair
    undo(as_owner, merge(as_owner, gone, into))

    events = Event.objects.filter(customer=gone, type="assignment_changed").order_by("seq")
    began, ended, goes_on = (event.data for event in events)
    assert goes_on == began
    assert goes_on["owner"] == {"id": owner.pk, "name": "Sam", "is_active": True}
    assert (ended.keys(), ended["owner"]) == (began.keys(), None)


def test_the_ledger_is_as_it_was(as_owner: APIClient, pair: tuple[Customer, Customer]) -> None:
    before = list(LoyaltyEntry.objects.order_by("pk").values())
    pk = merge(as_owner, *pair)
    assert LoyaltyEntry.objects.count() == len(before) + 1

    undo(as_owner, pk)

    assert list(LoyaltyEntry.objects.order_by("pk").values()) == before


def test_once_and_within_fourteen_days(
    as_owner: APIClient, as_admin: APIClient, pair: tuple[Customer, Customer]
) -> None:
    pk = merge(as_owner, *pair)
    Merge.objects.update(at=timezone.now() - timedelta(days=14, seconds=1))
    before = state(*pair)

    answer = undo(as_admin, pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
    assert answer.json()["detail"] == "A merge can be undone within 14 days."
    assert state(*pair) == before

    Merge.objects.update(at=timezone.now() - timedelta(days=13, hours=23))
    assert undo(as_owner, pk).status_code == 200
    answer = undo(as_owner, pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_undone")


def test_who_may(
    as_owner: APIClient,
    as_stranger: APIClient,
    as_admin: APIClient,
    as_customer: APIClient,
    stranger: User,
    pair: tuple[Customer, Customer],
) -> None:
    pk = merge(as_owner, *pair)
    before = state(*pair)

    assert undo(as_stranger, pk).status_code == 404
    assert undo(as_stranger, pk).json() == undo(as_stranger, 99_999).json()
    assert undo(as_customer, pk).status_code == 403
    # To whom the survivor was handed over does not get the other one back.
    assign(customer_id=pair[1].pk, salesperson=stranger, actor=None)
    assert undo(as_stranger, pk).status_code == 403
    assert undo(as_owner, pk).status_code == 404
    assert Customer.all_rows.get(pk=pair[0].pk).merged_into_id == pair[1].pk
    assert before[pair[0].pk, "messages"] == state(*pair)[pair[0].pk, "messages"]
    assert undo(as_admin, pk).status_code == 200


def test_what_was_proved_is_for_admins(
    as_owner: APIClient, as_admin: APIClient, pair: tuple[Customer, Customer]
) -> None:
    gone, into = pair
    proved = merge_customers(gone_id=gone.pk, into_id=into.pk, actor=None, reason=MergeReason.PROVED)

    listed = as_owner.get(f"/api/customers/{into.pk}/merges/").json()
    assert [(row["reason"], row["actor"], row["can_undo"]) for row in listed] == [("proved", None, False)]
    assert undo(as_owner, proved.pk).status_code == 403
    assert undo(as_admin, proved.pk).status_code == 200


def test_the_list_of_merges(
    as_owner: APIClient, as_admin: APIClient, owner: User, stranger: User, pair: tuple[Customer, Customer]
) -> None:
    gone, into = pair
    third = Customer.objects.create(first_name="Theirs", owner=stranger)
    first, second = merge(as_owner, gone, into), merge(as_admin, third, into)

    listed = as_owner.get(f"/api/customers/{into.pk}/merges/").json()

    newest = Merge.objects.get(pk=second)
    assert listed[0] == {
        "id": second,
        "gone": {"id": third.pk, "name": "Theirs"},
        "into": {"id": into.pk, "name": "Jon 000002"},
        "actor": {"id": newest.actor_id, "name": "Ada"},
        "reason": "merged",
        "at": newest.at.isoformat().replace("+00:00", "Z"),
        "undone_at": None,
        "can_undo": False,
    }
    assert [(row["id"], row["can_undo"]) for row in listed] == [(second, False), (first, True)]
    undo(as_admin, second)
    # The other customer is somebody else's again.
    assert [row["id"] for row in as_owner.get(f"/api/customers/{into.pk}/merges/").json()] == [first]
    undo(as_owner, first)
    for one in pair:
        [row] = as_owner.get(f"/api/customers/{one.pk}/merges/").json()
        assert (row["id"], row["can_undo"], row["undone_at"] is not None) == (first, False, True)


def test_a_list_of_many_merges_takes_no_more_queries(
    as_admin: APIClient, pair: tuple[Customer, Customer], django_assert_num_queries: Any
) -> None:
    into = pair[1]
    path = f"/api/customers/{into.pk}/merges/"
    for _ in range(2):
        merge(as_admin, Customer.objects.create(first_name="Jonny"), into)
    with django_assert_num_queries(5):
        assert len(as_admin.get(path).json()) == 2
    for _ in range(3):
        merge(as_admin, Customer.objects.create(first_name="Jonny"), into)
    with django_assert_num_queries(5):
        assert len(as_admin.get(path).json()) == 5
