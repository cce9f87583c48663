"""What Patter knows of itself."""

import uuid
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.db.leases import Leased


class Installation(models.Model):
    """The one row that names this installation, and says when its database was last found to be an older one."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    key = models.UUIDField(default=uuid.uuid4)
    # When a restored backup was noticed, and how many messages became uncertain by it.
    restored_at = models.DateTimeField(null=True, blank=True)
    restored_messages = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"installation {self.key}"

    @classmethod
    def this(cls) -> "Installation":
        """Return the row. A migration has made it; it is made anew where tests have emptied the database."""
        found, _ = cls.objects.get_or_create(pk=cls.ONLY)
        return found

    def file(self, name: str) -> Path:
        """The path of this installation's file `name` in MEDIA_ROOT, which is the folder that all its processes share.

        Those of others have other names: they are neither believed nor overwritten.
        """
        return path_of(name, self.key)


def path_of(name: str, key: uuid.UUID) -> Path:
    """The path of the file `name` of the installation with this key."""
    return Path(settings.MEDIA_ROOT) / f".{name}-{key}"


class Chore(Leased):
    """What Patter does once a day by itself (core/chores.py): when it last did, and what it said. The row is the job.

    `started_at` is that of the last run, whatever became of it, `finished_at` that of the last one that succeeded.
    """

    name = models.CharField(primary_key=True, max_length=40)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    # Who ran it last: a relay, or a command.
    started_by = models.CharField(max_length=100, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.TextField(blank=True)
    # Why the last run failed; empty if it did not.
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class WriteProbe(models.Model):
    """The one row that `/readyz` writes, to find out whether the database can be written."""

    written_at = models.DateTimeField()


class Answered(models.Model):
    """The answer to a POST with an Idempotency-Key (core/idempotency.py), kept for a day.

    The login is no foreign key, because core knows of no logins.
    """

    user_id = models.BigIntegerField()
    key = models.CharField(max_length=255)
    # To find the answers about a customer who is erased: not all of them name one.
    path = models.CharField(max_length=500, default="")
    # Of path and body. The body is not stored.
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["user_id", "key"], name="answered_once")]

    def __str__(self) -> str:
        return f"{self.key} of login {self.user_id}"
