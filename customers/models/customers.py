"""The customer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import and_
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from accounts.models.users import full_name
from core.changes import Remembers
from core.files.names import StoredUnder
from core.filters import has_trigram, id_in_path
from core.folding import FoldedField, FoldedQuerySet, Folds
from customers.models.choices import Gender, LoyaltyTier, Source
from customers.models.indexes import INDEXES
from customers.money import ZERO, amount_field
from customers.search import matching, search_terms
from customers.visibility import visible

# The folder of profile pictures, below MEDIA_ROOT and MEDIA_URL.
AVATARS = "avatars"

# How many customers a search without a word of three letters reads.
FIRST_ON_DESK = 2_000

NO_MESSAGE_YET = datetime(1970, 1, 1, tzinfo=UTC)


def customer_number(pk: int) -> str:
    """The number people use for a customer: `CUST000001`."""
    return f"CUST{pk:06d}"


def customer_title(name: str, username: str, source: str) -> str:
    """How a customer is called among others: by name, handle and source."""
    handle = f" (@{username})" if username else ""
    return f"{name}{handle} | {source}"


class CustomerQuerySet(FoldedQuerySet["Customer"]):
    def visible_to(self, user: Any) -> "CustomerQuerySet":
        """The customers `user` may see: all for admins, their own for sales, themselves for customers."""
        return self.filter(visible(user, own=True))

    def at_desk_of(self, user: Any) -> "CustomerQuerySet":
        """The customers on the sales desk of `user`; none for users without a desk."""
        return self.filter(visible(user))

    def or_404(self, pk: int | str | None = None) -> "Customer":
        """The one of these customers with this id, or, without an id, the only one.

        Raises CustomerMerged for a row that became part of one of these customers, else CustomerNotFound.
        """
        customer = (self if pk is None else self.filter(pk=id_in_path(str(pk)))).first()
        if customer is None:
            if pk is not None:
                self.refuse_merged(id_in_path(str(pk)))
            raise CustomerNotFound
        return customer

    def refuse_merged(self, pk: int) -> None:
        """Raise CustomerMerged if the row with this id became part of one of these customers."""
        into = survivor_id(pk)
        if into is None:
            return
        shown = self.filter(pk=into)
        # Not what these rows are for, if they are to be locked.
        shown.query.select_for_update = False
        if shown.exists():
            raise CustomerMerged(into)

    def holding_phone(self, phones: Sequence[str]) -> "Customer | None":
        """The customer whose messages come from one of these phones, the first one counting most; not locked.

        Looks at all rows, whichever these are: the phone of a merged row belongs to the customer it became part of.
        """
        rows = Customer.all_rows.filter(phone__in=phones, phone_trusted=True)
        holders = dict(rows.values_list("phone", "pk"))
        for phone in phones:
            if (pk := holders.get(phone)) is not None:
                return Customer.objects.filter(pk=survivor_id(pk) or pk).first()
        return None

    def search(self, text: str) -> "CustomerQuerySet":
        """Customers that match every word of `text` in their names, handle, email, phone or customer id.

        If no word has three letters and none is a number, only those who are first on the desk are searched.
        """
        terms = search_terms(text)
        wanted = reduce(and_, map(matching, terms), Q())
        if any(has_trigram(term) or term.isdecimal() for term in terms):
            return self.filter(wanted)
        # First their ids, from an index alone, then those who match, as lists: PostgreSQL cannot know how few they are.
        found = list(Customer.all_rows.filter(wanted, pk__any=self.first_on_desk()).values_list("pk", flat=True))
        return self.filter(pk__any=found) if found else self.none()

    def first_on_desk(self) -> list[int]:
        """The ids of those with the newest messages: whom a search without a word of three letters reads."""
        return list(self.order_by("-desk_at", "-pk").values_list("pk", flat=True)[:FIRST_ON_DESK])


_CustomerManager = models.Manager.from_queryset(CustomerQuerySet)


class CustomerManager(_CustomerManager["Customer"]):
    """Every customer there is: without the rows that were merged into others."""

    def get_queryset(self) -> CustomerQuerySet:
        return CustomerQuerySet(self.model, using=self._db).filter(merged_into=None)


class Customer(Remembers, Folds):
    """A person the team sells to. Only customers/actions/ writes rows of it.

    Registered customers have a login (`user`). `owner` is their salesperson, null while nobody is assigned.
    `last_seq` is the number of the newest event. `desk_at` orders the sales desk: the time of the newest message, or
    NO_MESSAGE_YET (a null would sort first on PostgreSQL and last on SQLite).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="customer"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="customers",
        db_index=False,  # the index customer_by_owner serves it
    )
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    username = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=16, null=True, blank=True)
    # Proved by a code, or shared on request.
    phone_verified = models.BooleanField(default=False)
    # Proved, or entered by staff: messages from this phone are theirs, and nobody else may have it. Not so after an
    # address was detached, until staff vouch for the phone again.
    phone_trusted = models.BooleanField(default=True)
    # When staff last entered or confirmed the phone.
    phone_vouched_at = models.DateTimeField(null=True, blank=True)
    # What the customer claims for themselves until it is proved or vouched for: it routes nothing and is not unique.
    pending_phone = models.CharField(max_length=16, blank=True)
    nic = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.MANUAL)
    notes = models.TextField(blank=True)
    avatar = models.FileField(upload_to=StoredUnder(AVATARS), max_length=255, default="", blank=True)
    gender = models.CharField(max_length=10, choices=Gender.choices, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    preferred_language = models.CharField(max_length=10, default="en")
    preferred_currency = models.CharField(max_length=3, default="USD")
    accepts_marketing_email = models.BooleanField(default=False)
    accepts_marketing_sms = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_verified = models.BooleanField(default=False)
    is_vip = models.BooleanField(default=False)
    loyalty_tier = models.CharField(max_length=10, choices=LoyaltyTier.choices, default=LoyaltyTier.BRONZE)
    # The one that somebody gave by hand; empty if what is spent decides.
    given_tier = models.CharField(max_length=10, choices=LoyaltyTier.choices, default="", db_default="", blank=True)
    loyalty_points = models.PositiveIntegerField(default=0)
    total_orders = models.PositiveIntegerField(default=0)
    # In base currency, and what of both is from before Patter, in no order here.
    total_spent = amount_field(default=ZERO)
    carried_orders = models.PositiveIntegerField(default=0, db_default=0)
    carried_spent = amount_field(default=ZERO, db_default=ZERO)
    last_order_date = models.DateTimeField(null=True, blank=True)
    # The first and the latest advertisement that brought them: what the provider said, and when (`at`).
    referral_first = models.JSONField(null=True, blank=True)
    referral_last = models.JSONField(null=True, blank=True)
    # Since when they are blocked, and why the provider did not do what was asked of it last.
    blocked_at = models.DateTimeField(null=True, blank=True)
    block_error = models.JSONField(null=True, blank=True)
    date_joined = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    # The customer this row became one with. The row stays, so that a merge can be undone, and is shown nowhere.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="merged_rows", db_index=False
    )
    last_seq = models.PositiveBigIntegerField(default=0)
    desk_at = models.DateTimeField(default=NO_MESSAGE_YET)
    # What the search looks through. On PostgreSQL migration 0021 adds a trigram index.
    folded = FoldedField("first_name", "last_name", "username", "email", "phone")

    follows = frozenset({"id", "updated_at", "last_seq", "desk_at", "folded"})

    objects = CustomerManager()
    # With the rows that were merged into others.
    all_rows = CustomerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["phone"], condition=Q(phone_trusted=True), name="customer_phone_once")
        ]
        indexes: ClassVar[list[Any]] = INDEXES

    def __str__(self) -> str:
        return customer_title(self.name, self.username, self.source)

    @property
    def customer_id(self) -> str:
        return customer_number(self.pk)

    @property
    def name(self) -> str:
        """The full name, or else the handle, the phone or the customer id."""
        return full_name(self.first_name, self.last_name, self.username or self.phone or self.customer_id)

    @property
    def phone_to_confirm(self) -> str | None:
        """What they claim and did not prove, or else their phone after it stopped being trusted."""
        return self.pending_phone or (None if self.phone_trusted else self.phone) or None


class CustomerNotFound(Customer.DoesNotExist, Http404):
    """No such customer, or none that the caller may see. Views answer 404."""


class CustomerMerged(CustomerNotFound):
    """The row became part of another customer, whom the caller may see. Views answer 410 and name them."""

    def __init__(self, into: int) -> None:
        super().__init__(f"This customer was merged into {customer_number(into)}.")
        self.into = into


def survivor_id(pk: int) -> int | None:
    """The id of the customer that a merged row became part of, after however many merges; None for any other row."""
    survivor = None
    into = Customer.all_rows.filter(pk=pk).values_list("merged_into", flat=True).first()
    while into is not None:
        survivor = into
        into = Customer.all_rows.filter(pk=into).values_list("merged_into", flat=True).first()
    return survivor


def merged_ids(pk: int) -> list[int]:
    """The ids of all rows that became part of a customer, directly or through another row."""
    found: list[int] = []
    level = [pk]
    while level:
        level = list(Customer.all_rows.filter(merged_into__in=level).order_by("pk").values_list("pk", flat=True))
        found += level
    return found


def release_phone(phone: str, survivor: int) -> None:
    """Take a phone from the rows that became part of a customer, who gets it now."""
    held = Customer.all_rows.filter(phone=phone, phone_trusted=True).exclude(merged_into=None)
    for pk in held.values_list("pk", flat=True):
        if survivor_id(pk) == survivor:
            Customer.all_rows.filter(pk=pk).update(phone=None)
