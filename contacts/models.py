"""Other people, or other numbers, by which a customer is reached."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from contacts.querysets import ContactQuerySet
from customers.models import Customer


class Contact(models.Model):
    """A way to reach a customer. Written by contacts/actions.py alone.

    `is_primary` and `is_active` are independent of each other: an inactive contact may be the primary one.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    email = models.EmailField()
    wa_number = models.CharField(max_length=16)
    tp_number = models.CharField(max_length=16)
    is_primary = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("customer", Lower("email"), name="contact_email_once"),
            models.UniqueConstraint(fields=["customer", "wa_number"], name="contact_wa_number_once"),
            models.UniqueConstraint(fields=["customer", "tp_number"], name="contact_tp_number_once"),
            models.UniqueConstraint(fields=["customer"], condition=Q(is_primary=True), name="contact_one_primary"),
        ]
        indexes: ClassVar[list[Any]] = [
            # Whose customer is it who writes?
            models.Index(fields=["wa_number"], condition=Q(is_active=True), name="contact_reached_at"),
        ]

    def __str__(self) -> str:
        # Nothing personal: Django admin's history keeps it after the row is gone.
        return f"contact {self.pk} of customer {self.customer_id}"
