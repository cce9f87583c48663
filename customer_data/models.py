"""What salespeople note about their customers: a key with a value, a file, or both."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.files.names import StoredUnder
from core.filters import containing
from customers.models import Customer
from customers.visibility import FollowsCustomer


class CustomerDataQuerySet(FollowsCustomer):
    def visible_to(self, user: Any) -> "CustomerDataQuerySet":
        """The entries `user` made, admins no others either, on customers who are on their desk now."""
        own: CustomerDataQuerySet = super().visible_to(user).filter(user_id=user.pk)
        return own

    def shown(self) -> "models.QuerySet[CustomerData]":
        """Newest first, with the customers they name."""
        found: models.QuerySet[CustomerData] = self.select_related("customer").order_by("-created_at", "-pk")
        return found

    def search(self, text: str) -> "CustomerDataQuerySet":
        """Entries in whose key or value every word of `text` occurs."""
        return self.filter(containing(text, "key", "value"))


# The folder of files below MEDIA_ROOT, and below MEDIA_URL.
FILES = "customer_data"
MAX_KEY = 255


class CustomerData(models.Model):
    """A user's own entry about a customer; nobody else sees it. `file_name` is the name the file came with."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the index (user, created_at, id) serves it
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="data")
    key = models.CharField(max_length=MAX_KEY)
    value = models.TextField(blank=True)
    file = models.FileField(upload_to=StoredUnder(FILES), max_length=255, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = CustomerDataQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "customer data"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "customer", "key"], name="customer_data_key_once")
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["user", "-created_at", "-id"], name="customer_data_newest"),
            # The way from a file to its row, asked on every download.
            models.Index(fields=["file"], name="customer_data_file"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.key}"

    @property
    def says_nothing(self) -> bool:
        """Neither a value nor a file."""
        return not self.value.strip() and not self.file
