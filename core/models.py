"""What Patter knows of itself."""

import uuid

from django.db import models


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
        """Return the row, which is made when it is first needed."""
        found, _ = cls.objects.get_or_create(pk=cls.ONLY)
        return found
