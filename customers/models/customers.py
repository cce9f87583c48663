"""The person sold to."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Concat, Lower
from django.http import Http404
from django.utils import timezone

from accounts.models import full_name
from core.files.names import StoredUnder
from core.filters import id_in_path
from customers.models.choices import Gender, LoyaltyTier, Source
from customers.search import occurrence, search_terms
from customers.visibility import visible

# The folder of pictures below MEDIA_ROOT, and below MEDIA_URL.
AVATARS = "avatars"

NO_MESSAGE_YET = datetime(1970, 1, 1, tzinfo=UTC)


def customer_number(pk: int) -> str:
    """The number people use for a customer: `CUST000001`."""
    return f"CUST{pk:06d}"


def language_tag(text: str) -> str:
    """A language in the one spelling it is kept in: `en`, `pt-BR`, `zh-Hant`."""
    language, dash, region = text.partition("-")
    return f"{language.lower()}{dash}{region.upper() if len(region) < 4 else region.capitalize()}"


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: Any) -> "CustomerQuerySet":
        """The customers whom `user` may see: admins all, sales their own, customers themselves.

        Everything that hangs off a customer follows this one rule.
        """
        return self.filter(visible(user, own=True))

    def at_desk_of(self, user: Any) -> "CustomerQuerySet":
        """The customers on the sales desk of `user`; nobody for those who have no desk."""
        return self.filter(visible(user))

    def or_404(self, pk: int | str | None = None) -> "Customer":
        """The one of these customers with this id, or, without an id, the only one. Raises CustomerNotFound."""
        customer = (self if pk is None else self.filter(pk=id_in_path(str(pk)))).first()
        if customer is None:
            raise CustomerNotFound
        return customer

    def search(self, text: str) -> "CustomerQuerySet":
        """Customers in whom every word of `text` occurs: names, handle, email, phone, or the customer id.

        Looks at the first ten words.
        """
        found = self
        for term in search_terms(text):
            found = found.filter(occurrence(term))
        return found


class Customer(models.Model):
    """The person sold to. Written by customers/actions.py alone.

    Has a login (`user`) only when registered; `owner` is the salesperson, null while unassigned.
    `last_seq` is the number of the newest event. `desk_at` is the place on the sales desk: the time of the newest
    message, NO_MESSAGE_YET without one (a null would sort first on PostgreSQL and last on SQLite).
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
        db_index=False,  # the index (owner, desk_at, id) serves it
    )
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    username = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=16, null=True, blank=True, unique=True)
    phone_verified = models.BooleanField(default=False)
    # Given on registering, held by another customer without a login until it is proved (customers/actions/phones.py).
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
    loyalty_points = models.PositiveIntegerField(default=0)
    total_orders = models.PositiveIntegerField(default=0)
    total_spent = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    last_order_date = models.DateTimeField(null=True, blank=True)
    # The advertisement that brought them, the first and the newest: what the provider said of it, and `at`.
    referral_first = models.JSONField(null=True, blank=True)
    referral_last = models.JSONField(null=True, blank=True)
    date_joined = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    last_seq = models.PositiveBigIntegerField(default=0)
    desk_at = models.DateTimeField(default=NO_MESSAGE_YET)
    # What the search looks through; a PostgreSQL migration puts a trigram index on it.
    search_text = models.GeneratedField(
        expression=Lower(
            Concat(
                F("first_name"),
                Value(" "),
                F("last_name"),
                Value(" "),
                F("username"),
                Value(" "),
                F("email"),
                Value(" "),
                Coalesce(F("phone"), Value("")),
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["-desk_at", "-id"], name="customer_desk"),
            models.Index(fields=["owner", "-desk_at", "-id"], name="customer_owner_desk"),
            # The orders of the customer list, each read either way; who never ordered comes last in both.
            models.Index(fields=["date_joined", "id"], name="customer_joined"),
            models.Index(fields=["total_orders", "id"], name="customer_orders"),
            models.Index(fields=["total_spent", "id"], name="customer_spent"),
            # The latest order first, nulls last, is an index of migration 0005: SQLite knows none of the kind.
            models.Index(fields=["last_order_date", "id"], name="customer_ordered"),
            # The few among many that lists are asked for: without, each such page and its count read everybody.
            models.Index(fields=["id"], condition=Q(is_vip=True), name="customer_vip"),
            models.Index(fields=["id"], condition=Q(is_active=False), name="customer_inactive"),
            # The way from a picture to its row, asked on every download.
            models.Index(fields=["avatar"], condition=~Q(avatar=""), name="customer_avatar"),
        ]

    def __str__(self) -> str:
        handle = f" (@{self.username})" if self.username else ""
        return f"{self.name}{handle} | {self.source}"

    @property
    def customer_id(self) -> str:
        return customer_number(self.pk)

    @property
    def name(self) -> str:
        """The full name; who has none goes by handle, phone or customer id."""
        return full_name(self.first_name, self.last_name, self.username or self.phone or self.customer_id)


class CustomerNotFound(Customer.DoesNotExist, Http404):
    """There is no such customer, or none whom the caller may see. Views answer 404."""
