"""Sessions, and what opens a socket."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.users import User


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self, now: datetime | None = None) -> "SessionQuerySet":
        """Sessions that are valid: not ended, not expired, and their login is active.

        Only for reading. An UPDATE through it would depend on a subquery, which is a race on PostgreSQL.
        """
        return self.filter(
            ended_at=None, expires_at__gt=now or timezone.now(), user__is_active=True, user__deleted_at=None
        )

    def in_use(self, now: datetime) -> "SessionQuerySet":
        """Live sessions of the desk that were opened or refreshed so lately that their access tokens may still work."""
        # Every refresh moves the end of a session.
        refreshed = now - timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)
        since = refreshed + timedelta(days=settings.REFRESH_TOKEN_DAYS)
        return self.live(now).filter(expires_at__gt=since, user__role__in=("admin", "sales"))


class Session(models.Model):
    """One sign-in. Access tokens name it; of its refresh tokens it accepts only the newest.

    `refresh_jti` is compared and swapped on every refresh. `recently_used` holds `[jti, when]` of the tokens used in
    the last few seconds: using one of those again is an accident, using any older one means theft and ends the session.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    refresh_jti = models.CharField(max_length=64)
    recently_used = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["expires_at"], name="session_expires")]

    def __str__(self) -> str:
        return f"{self.user} since {self.created_at:%Y-%m-%d %H:%M}"


class SocketTicket(models.Model):
    """A key that opens one socket within its LIFETIME. Only its hash is stored."""

    LIFETIME = timedelta(seconds=30)

    digest = models.CharField(max_length=64, primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"ticket until {self.expires_at:%H:%M:%S}"

    @staticmethod
    def new_ticket() -> str:
        return secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(ticket: str) -> str:
        return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()
