"""Contacts: other people or numbers through which a customer is reached."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from contacts.search import found_ids, reading
from core.folding import FoldedField, Folds
from customers.models import Customer
from customers.search import search_terms
from customers.visibility import OwnCustomer

# Two contacts of one customer may not share any of these.
UNIQUE_FIELDS = ("email", "wa_number", "tp_number")

# (customer id, one of UNIQUE_FIELDS, the value in the form in which it is compared)
UniqueKey = tuple[int, str, str]


def keys_of(customer_id: int, values: Mapping[str, Any]) -> list[UniqueKey]:
    """The keys that a contact of the customer with these `values` has. The case of an email makes no difference."""
    return [
        (customer_id, field, values[field].lower() if field == "email" else values[field])
        for field in UNIQUE_FIELDS
        if field in values
    ]


class ContactQuerySet(OwnCustomer):
    def newest_first(self) -> "ContactQuerySet":
        return self.order_by("-pk")

    def primary_first(self) -> "ContactQuerySet":
        """The order in which the contacts of a customer are shown."""
        return self.order_by("customer_id", "-is_primary", "pk")

    def search(self, text: str) -> "ContactQuerySet":
        """Contacts in which every word of `text` occurs: in the email, a number, or the customer's details."""
        terms = search_terms(text)
        ids = found_ids(self, terms, customers=Customer.objects.all())
        return self.filter(reading(terms)) if ids is None else self.filter(pk__any=ids)

    def taken(self, customer_ids: Collection[int], wanted: Iterable[UniqueKey]) -> set[UniqueKey]:
        """Those of the `wanted` keys that contacts of these customers have already; one query, however many."""
        values: dict[str, set[str]] = {field: set() for field in UNIQUE_FIELDS}
        for _, field, value in wanted:
            values[field].add(value)
        rows = (
            self.alias(low_email=Lower("email"))
            .filter(customer_id__in=customer_ids)
            .filter(
                Q(low_email__in=values["email"])
                | Q(wa_number__in=values["wa_number"])
                | Q(tp_number__in=values["tp_number"])
            )
            .values("customer_id", *UNIQUE_FIELDS)
        )
        return {key for row in rows for key in keys_of(row["customer_id"], row)}

    def stats(self) -> dict[str, int]:
        """Counts of these contacts, in one query."""
        return self.aggregate(
            total_contacts=models.Count("pk"),
            active_contacts=models.Count("pk", filter=Q(is_active=True)),
            inactive_contacts=models.Count("pk", filter=Q(is_active=False)),
            primary_contacts=models.Count("pk", filter=Q(is_primary=True)),
            customers_with_contacts=models.Count("customer_id", distinct=True),
        )

    def reached_at(self, numbers: Collection[str]) -> "ContactQuerySet":
        """Active contacts with one of these WhatsApp numbers, for which staff vouch."""
        return self.filter(wa_number__in=numbers, is_active=True, is_confirmed=True)


class Contact(Folds):
    """A way to reach a customer. Only contacts/actions.py writes it.

    `is_primary` and `is_active` are independent of each other: an inactive contact may be primary. Messages from its
    number reach the customer once staff vouch for it, because customers can name any number.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    email = models.EmailField()
    wa_number = models.CharField(max_length=16)
    tp_number = models.CharField(max_length=16)
    is_primary = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    # Entered, saved or confirmed by staff; False: the customer added it, or changed the WhatsApp number since.
    is_confirmed = models.BooleanField(default=True)
    added_by_customer = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    folded = FoldedField("email")

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("customer", Lower("email"), name="contact_email_once"),
            models.UniqueConstraint(fields=["customer", "wa_number"], name="contact_wa_number_once"),
            models.UniqueConstraint(fields=["customer", "tp_number"], name="contact_tp_number_once"),
            models.UniqueConstraint(fields=["customer"], condition=Q(is_primary=True), name="contact_one_primary"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["id"], condition=Q(folded=None), name="contact_not_folded"),
            # The contacts of a salesperson's customers, filtered and searched without the table.
            models.Index(
                fields=["customer", "id"],
                include=["is_active", "is_confirmed", "is_primary", "folded", "wa_number", "tp_number"],
                name="contact_of_customer",
            ),
            # Few are inactive or not confirmed.
            models.Index(fields=["id"], include=["customer"], condition=Q(is_active=False), name="contact_inactive"),
            models.Index(
                fields=["id"], include=["customer"], condition=Q(is_confirmed=False), name="contact_unconfirmed"
            ),
            # Finds the customer of somebody who writes from this number.
            models.Index(
                fields=["wa_number"], condition=Q(is_active=True, is_confirmed=True), name="contact_reached_by"
            ),
        ]

    def __str__(self) -> str:
        # Nothing personal: Django admin's history keeps this text after the row is gone.
        return f"contact {self.pk} of customer {self.customer_id}"
