"""Notes of salespeople about their customers: a key with a value, a file, or both."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.files.names import StoredUnder
from core.folding import FoldedField, Folds, containing
from customers.models import Customer
from customers.visibility import FollowsCustomer


class CustomerDataQuerySet(FollowsCustomer):
    of_its_author = True

    def visible_to(self, user: Any) -> "CustomerDataQuerySet":
        """The entries of `user` about customers who are on their desk now. Admins see only their own, too."""
        own: CustomerDataQuerySet = super().visible_to(user).filter(user_id=user.pk)
        return own

    def newest_first(self) -> "models.QuerySet[CustomerData]":
        """Newest first, with their customers loaded."""
        found: models.QuerySet[CustomerData] = self.select_related("customer").order_by("-created_at", "-pk")
        return found

    def search(self, text: str) -> "CustomerDataQuerySet":
        """Entries in which every word of `text` occurs, in the key or the value."""
        return self.filter(containing(text, "folded"))


# The folder of files below MEDIA_ROOT, and below MEDIA_URL.
FILES_FOLDER = "customer_data"
MAX_KEY = 255


class CustomerData(Folds):
    """A user's entry about a customer; nobody else sees it. `file_name` is the name the file was uploaded with."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the index (user, created_at, id) does the same
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="data")
    key = models.CharField(max_length=MAX_KEY)
    value = models.TextField(blank=True)
    file = models.FileField(upload_to=StoredUnder(FILES_FOLDER), max_length=255, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    folded = FoldedField("key", "value")

    objects = CustomerDataQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "customer data"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "customer", "key"], name="customer_data_key_once")
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["id"], condition=Q(folded=None), name="customer_data_not_folded"),
            models.Index(fields=["user", "-created_at", "-id"], name="customer_data_newest"),
            # Finds the row of a file, on every download.
            models.Index(fields=["file"], name="customer_data_file"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.key}"

    @property
    def is_empty(self) -> bool:
        """Neither a value nor a file."""
        return not self.value.strip() and not self.file
