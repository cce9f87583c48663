"""The audit trail: who changed what, and who signed in, exported or opened what."""

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def forget(self, customer_id: int, *, login_id: int | None) -> None:
        """Blank what the entries say of a person who is erased: values, and addresses of their own. The acts stay."""
        self.filter(customer_id=customer_id).update(changes={})
        if login_id is not None:
            self.filter(object_type="user", object_id=str(login_id)).update(changes={})
            self.filter(actor_id=login_id).update(changes={}, address="")


class AuditEntry(models.Model):
    """One thing that somebody did. Written in the transaction of the change (accounts/audit.py), and never changed.

    `customer_id` and `session_id` are no foreign keys: entries outlive what they are about.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    # The management command that did it, if it was one.
    command = models.CharField(max_length=100, blank=True)
    verb = models.CharField(max_length=40)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    customer_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=45, blank=True)
    session_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    # {field: {"old": value, "new": value}}; of secrets only that they changed.
    changes = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["actor", "at", "id"], name="audit_actor"),
            models.Index(fields=["customer_id", "at", "id"], name="audit_customer"),
            models.Index(fields=["verb", "at", "id"], name="audit_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            self._refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError("Audit entries are neither changed nor deleted.")
