"""Sessions, and what opens a socket."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.users import User


class SessionQuerySet(models.QuerySet["Session"]):
    def listed(self, now: datetime) -> "SessionQuerySet":
        """What their user is shown: the live ones, newest first."""
        return self.live(now).order_by("-created_at", "pk")

    def live(self, now: datetime | None = None) -> "SessionQuerySet":
        """Sessions that are valid: not ended, not expired, and their login is active.

        Only for reading. An UPDATE through it would depend on a subquery, which is a race on PostgreSQL.
        """
        return self.filter(
            ended_at=None, expires_at__gt=now or timezone.now(), user__is_active=True, user__deleted_at=None
        )

    def in_use(self, now: datetime) -> "SessionQuerySet":
        """Live sessions of the desk that were used so lately that their access tokens may still work."""
        since = now - timedelta(minutes=settings.ACCESS_TOKEN_MINUTES) - Session.SEEN_EVERY
        return self.live(now).filter(last_seen_at__gt=since, user__role__in=("admin", "sales"))


class SessionKind(models.TextChoices):
    API = "api"
    ADMIN = "admin"


class Session(models.Model):
    """One sign-in. Access tokens name it; of its refresh tokens it accepts only the newest.

    That of Django admin (`kind` admin) has no tokens: the browser's cookie names it.

    `refresh_jti` is compared and swapped on every refresh. `recently_used` holds `[jti, when]` of the tokens used in
    the last few seconds: using one of those again is an accident, using any older one means theft and ends the session.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    # These have defaults in the database, too, for sign-ins at an older version while this one is started.
    kind = models.CharField(
        max_length=5, choices=SessionKind.choices, default=SessionKind.API, db_default=SessionKind.API
    )
    refresh_jti = models.CharField(max_length=64, blank=True)
    recently_used = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    # When it was used last, give or take SEEN_EVERY.
    last_seen_at = models.DateTimeField(default=timezone.now, db_default=Now())
    # Of the sign-in.
    address = models.CharField(max_length=45, blank=True, default="", db_default="")
    user_agent = models.CharField(max_length=300, blank=True, default="", db_default="")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    SEEN_EVERY = timedelta(minutes=5)

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
