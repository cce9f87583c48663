"""Every relation of Customer has a keeper, and its rows end up where the keeper says (customers/keepers.py)."""

import json
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.actions.customers import erase_customer
from customers.actions.merge import merge_customers
from customers.actions.unmerge import undo_merge
from customers.export import archive
from customers.keepers import Collected, Erased, Excused, Given, Keeper, Merged, keepers
from customers.models import (
    Address,
    Assignment,
    Customer,
    CustomerGroup,
    Event,
    GroupMember,
    LoyaltyEntry,
    Merge,
    Order,
    PhoneCode,
    Review,
    WishlistItem,
)
from messaging.models import BusinessNumber, Closing, Conversation, Message, PendingRoute, Receipt
from tags.models import CustomerTag, Tag
from whatsapp.models import Block, Identity, WebhookEvent

WHAT_TO_DO = """
These relations of Customer need exactly one keeper each: {relations}.
Without one their rows are lost when two customers become one, are missing from the export, and nobody has thought about
how they are erased. Add a Keeper to KEEPERS in the app's personal_data.py (customers/keepers.py shows what it can say),
or Excused(relation, reason=...) where nothing is to be exported or merged. Then add a row to ROWS below.
"""


def relations_of_customer() -> set[str]:
    """What points at Customer, and what Customer points at in the plural; hidden relations included."""
    found = set()
    for relation in Customer._meta.get_fields(include_hidden=True):
        through_table = relation.is_relation and relation.related_model._meta.auto_created
        points_here = relation.auto_created and not relation.concrete
        if (points_here or relation.many_to_many) and not through_table:
            # related_name="+" hides a relation from Django's own way to it: give it a name.
            found.add(relation.name if relation.name != "+" else f"{relation.field}, which has no related_name")
    return found


def test_every_relation_has_one_keeper() -> None:
    counted = Counter(keeper.relation for keeper in keepers())
    wrong = {name for name in relations_of_customer() | set(counted) if counted[name] != 1}
    wrong |= set(counted) - relations_of_customer()

    assert not wrong, WHAT_TO_DO.format(relations=", ".join(sorted(wrong)))


def test_a_relation_without_a_keeper_is_found(settings: Any) -> None:
    settings.PERSONAL_DATA = [path for path in settings.PERSONAL_DATA if not path.startswith("contacts.")]

    with pytest.raises(AssertionError, match=r"exactly one keeper each: contacts\."):
        test_every_relation_has_one_keeper()


def test_excuses_have_a_reason() -> None:
    assert [keeper.relation for keeper in keepers() if isinstance(keeper, Excused) and len(keeper.reason) < 20] == []


def number() -> BusinessNumber:
    return BusinessNumber.objects.get_or_create(external_id="1")[0]


def digits(mark: str) -> str:
    return str(int.from_bytes(mark.encode()) % 10**7)


def webhook(customer: Customer, mark: str, user: User) -> WebhookEvent:
    event = WebhookEvent.objects.create(body=mark.encode(), state="done")
    event.customers.add(customer)
    return event


# One row of each relation. Two of the same mark clash where a customer may have only one.
ROWS: dict[str, Callable[[Customer, str, User], Any]] = {
    "addresses": lambda customer, mark, user: Address.objects.create(
        customer=customer, address_type="billing", address_line1=mark, city="Kandy", country="LK", is_default=True
    ),
    "assignments": lambda customer, mark, user: Assignment.objects.create(
        customer=customer, salesperson=user, ended_at=timezone.now()
    ),
    "events": lambda customer, mark, user: Event.objects.create(customer=customer, seq=customer.last_seq + 100),
    "group_memberships": lambda customer, mark, user: GroupMember.objects.create(
        customer=customer, group=CustomerGroup.objects.get_or_create(name=mark)[0]
    ),
    "loyalty_entries": lambda customer, mark, user: LoyaltyEntry.objects.create(
        customer=customer, points=5, points_after=5, tier_before="bronze", tier_after="bronze"
    ),
    "orders": lambda customer, mark, user: Order.objects.create(
        customer=customer, number=f"{mark}-{customer.pk}", status="delivered", total=9, placed_at=timezone.now()
    ),
    "merged_rows": lambda customer, mark, user: Customer.objects.create(merged_into=customer),
    "merges_of_others": lambda customer, mark, user: Merge.objects.create(
        gone=Customer.objects.create(), into=customer, undone_at=timezone.now()
    ),
    "merges_into_others": lambda customer, mark, user: Merge.objects.create(
        gone=customer, into=Customer.objects.create(), undone_at=timezone.now()
    ),
    "block": lambda customer, mark, user: Block.objects.create(customer=customer, due=False),
    "phone_code": lambda customer, mark, user: PhoneCode.objects.create(customer=customer, expires_at=timezone.now()),
    "reviews": lambda customer, mark, user: Review.objects.create(customer=customer, product_id=mark, rating=5),
    "wishlist": lambda customer, mark, user: WishlistItem.objects.create(customer=customer, product_id=mark, name="A"),
    "contacts": lambda customer, mark, user: Contact.objects.create(
        customer=customer,
        email=f"{mark}@example.com",
        wa_number=f"+9477{digits(mark)}",
        tp_number=f"+9411{digits(mark)}",
        is_primary=True,
    ),
    "data": lambda customer, mark, user: CustomerData.objects.create(
        customer=customer, user=user, key=mark, value="noted"
    ),
    "given_tags": lambda customer, mark, user: CustomerTag.objects.create(
        customer=customer, tag=Tag.objects.get_or_create(name=mark)[0]
    ),
    "conversation": lambda customer, mark, user: Conversation.objects.create(
        customer=customer, business_number=number(), unread_count=2
    ),
    "messages": lambda customer, mark, user: Message.objects.create(
        customer=customer,
        business_number=number(),
        direction="in",
        type="text",
        status="received",
        wamid=f"wamid.{mark}.{customer.pk}",
    ),
    "closings": lambda customer, mark, user: Closing.objects.create(customer=customer, at=timezone.now(), by=user),
    "pending_route": lambda customer, mark, user: PendingRoute.objects.create(customer=customer, since=timezone.now()),
    "receipt": lambda customer, mark, user: Receipt.objects.create(customer=customer, due=False),
    "identities": lambda customer, mark, user: Identity.objects.create(
        customer=customer, business_number=number(), user_id=f"US.{mark}.{customer.pk}"
    ),
    "webhook_events": webhook,
}
EVERY_KEEPER = pytest.mark.parametrize("keeper", keepers(), ids=lambda keeper: keeper.relation)


def test_every_relation_has_a_row_here() -> None:
    assert set(ROWS) == relations_of_customer(), "ROWS makes one row of each relation, for the tests below"


@pytest.fixture
def newer(db: None) -> Customer:
    login = User.objects.create_user("jane", "jane@example.com", "Quiet-River-88", role="customer")
    return Customer.objects.create(user=login, username="jane", email="jane@example.com", pending_phone="+94771234567")


def still_there(row: Any) -> bool:
    return type(row)._base_manager.filter(pk=row.pk).exists()


@EVERY_KEEPER
def test_merged_rows_are_where_their_keeper_says(
    keeper: Keeper, customer: Customer, newer: Customer, owner: User
) -> None:
    make = ROWS[keeper.relation]
    kept, clashing = make(customer, "both", owner), make(newer, "both", owner)
    one_each = keeper.merged is Merged.JOINED or isinstance(keeper, Excused)
    fresh = clashing if one_each else make_another(make, newer, owner)
    theirs = ids_of(keeper, newer)

    merge = merge_customers(gone_id=newer.pk, into_id=customer.pk, actor=None)

    expected = {
        Merged.MOVED: {clashing.pk, fresh.pk},
        Merged.MOVED_UNLESS_KNOWN: {fresh.pk},
        Merged.JOINED: set(),
        Merged.STAYED: set(),
    }[keeper.merged]
    # What the merge itself records is not looked at.
    assert ids_of(keeper, customer) & {kept.pk, clashing.pk, fresh.pk} == {kept.pk} | expected
    assert ids_of(keeper, newer) >= theirs - expected
    assert set(merge.moved_of(keeper.relation)["ids"]) == expected
    assert all(still_there(row) for row in (kept, clashing, fresh))

    undo_merge(merge_id=merge.pk, actor=None)

    assert ids_of(keeper, customer) & {kept.pk, clashing.pk, fresh.pk} == {kept.pk}
    assert ids_of(keeper, newer) >= theirs


def ids_of(keeper: Keeper, customer: Customer) -> set[int]:
    return set(keeper.rows(customer).values_list("pk", flat=True))


def test_a_row_that_both_have_does_not_move(customer: Customer, newer: Customer, owner: User) -> None:
    """Undoing the merge must not take it from the one who had it before."""
    event = webhook(customer, "both", owner)
    event.customers.add(newer)

    merge = merge_customers(gone_id=newer.pk, into_id=customer.pk, actor=None)

    assert merge.moved_of("webhook_events")["ids"] == []
    assert list(event.customers.all()) == [customer]
    undo_merge(merge_id=merge.pk, actor=None)
    assert set(event.customers.all()) == {customer, newer}


def make_another(make: Callable[..., Any], customer: Customer, user: User) -> Any:
    """Another row of a customer, who may have only one default address, one primary contact, one open code."""
    Address.objects.filter(customer=customer).update(is_default=False)
    Contact.objects.filter(customer=customer).update(is_primary=False)
    customer.last_seq += 1
    return make(customer, "fresh", user)


def document(keeper: Keeper, customer: Customer, **options: bool) -> Any:
    """What the export of a customer says under the name that the keeper declares; None where it has no such part."""
    with zipfile.ZipFile(archive(customer, **options)) as archived:
        if f"{keeper.file}.json" not in archived.namelist():
            return None
        said = json.loads(archived.read(f"{keeper.file}.json"))
    return said.get(keeper.key, said) if keeper.key else said


@EVERY_KEEPER
def test_exported_rows_are_where_their_keeper_says(keeper: Keeper, customer: Customer, owner: User) -> None:
    ROWS[keeper.relation](customer, "fresh", owner)

    if isinstance(keeper, Excused):
        assert keeper.collect(customer) == []
    else:
        assert len(document(keeper, customer)) == 1


@EVERY_KEEPER
@pytest.mark.parametrize("proved", [False, True])
def test_people_get_what_its_keeper_gives_them(
    keeper: Keeper, customer: Customer, owner: User, settings: Any, proved: bool
) -> None:
    if isinstance(keeper, Excused):
        return
    ROWS[keeper.relation](customer, "fresh", owner)
    settings.CHANNELS = {"sms": f"tests.customers.doubles.{'Proved' if proved else 'Unproved'}"}

    said = document(keeper, customer, for_themselves=True)

    given = keeper.given is Given.ALWAYS or (keeper.given is Given.ONCE_PROVED and proved)
    assert isinstance(said, list) is given
    assert ("withheld" in said) is not given


@EVERY_KEEPER
def test_people_get_the_columns_that_its_keeper_lists(keeper: Keeper, customer: Customer, owner: User) -> None:
    """A column that is added later is for staff until somebody lists it."""
    if isinstance(keeper, Excused):
        return
    ROWS[keeper.relation](customer, "fresh", owner)
    Contact.objects.update(added_by_customer=True)

    rows = keeper.their_data(customer)

    assert bool(rows) is bool(keeper.theirs) is (keeper.given is not Given.NEVER)
    assert all(set(row) == set(keeper.theirs) for row in rows)


def test_a_part_that_says_nothing_is_for_staff_only(customer: Customer, settings: Any) -> None:
    """An app that forgets to say who may have its rows gives nothing away."""
    settings.CHANNELS = {"sms": "tests.customers.doubles.Proved"}
    settings.PERSONAL_DATA = ["tests.customers.doubles.SILENT_KEEPERS"]
    keeper = keepers()[0]

    assert "withheld" in document(keeper, customer, for_themselves=True)
    assert "withheld" not in document(keeper, customer)
    assert Collected("notes", []).given is Given.NEVER


@EVERY_KEEPER
def test_erased_rows_are_gone_or_blank(keeper: Keeper, customer: Customer, owner: User) -> None:
    row = ROWS[keeper.relation](customer, "fresh", owner)

    erase_customer(customer_id=customer.pk, actor=None)

    assert still_there(row) is (keeper.erased is Erased.BLANKED)
    if keeper.erased is Erased.BLANKED:
        row.refresh_from_db()
        assert "fresh" not in " ".join(str(getattr(row, column.attname)) for column in row._meta.concrete_fields)
