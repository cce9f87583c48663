"""Labels on customers."""

import unicodedata
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from customers.models import Customer, Source
from customers.querysets import FollowsCustomer
from tags.querysets import TagQuerySet, folded

MAX_NAME = 100


def check_name(name: str) -> None:
    """Refuse names that nobody could read or write. Raises Django's ValidationError."""
    kinds = {unicodedata.category(letter) for letter in name}
    if "Cc" in kinds:
        raise ValidationError("A tag name may not contain line breaks or other control characters.")
    if all(kind[0] in "CZ" for kind in kinds):
        raise ValidationError("A tag name needs a visible character.")


class NameKeyField(models.CharField):
    """The name as it is compared, written along with it: databases fold the case of ASCII only, or as they are set."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        model_instance.name_key = folded(model_instance.name)
        key: str = model_instance.name_key
        return key


class Tag(models.Model):
    """A label of the team. A system tag has a `source` and belongs to whoever has that source."""

    name = models.CharField(max_length=MAX_NAME, validators=[check_name])
    # Folding makes up to three characters of one.
    name_key = NameKeyField(max_length=3 * MAX_NAME, unique=True, editable=False)
    source = models.CharField(max_length=10, choices=Source.choices, null=True, blank=True, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = TagQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_system(self) -> bool:
        return self.source is not None

    def may_be_changed_by(self, user: Any) -> bool:
        """Whoever made a tag renames and deletes it, and admins. Nobody does that to a system tag."""
        mine: bool = user.is_admin or self.created_by_id == user.pk
        return mine and not self.is_system


class CustomerTag(models.Model):
    """A tag given to a customer. System tags are never stored here."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="given_tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="given_to")
    created_at = models.DateTimeField(default=timezone.now)

    objects = FollowsCustomer.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["customer", "tag"], name="customer_tag_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.tag_id}"
