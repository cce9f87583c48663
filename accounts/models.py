"""Logins and their sessions."""

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.querysets import SessionQuerySet, UserManager


class Role(models.TextChoices):
    ADMIN = "admin"
    SALES = "sales"
    CUSTOMER = "customer"


class User(AbstractBaseUser):
    """A login. What it may do follows from its role alone."""

    username = models.CharField(max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    email = models.EmailField()
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    # A removed login stays as the name behind what it once wrote.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(Lower("username"), name="user_username_any_case"),
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["role", "is_active"], name="user_role_active")]

    def __str__(self) -> str:
        return self.username

    @property
    def name(self) -> str:
        """The full name, or the username of somebody without one."""
        return full_name(self.first_name, self.last_name, self.username)

    def get_full_name(self) -> str:
        return self.name

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_sales(self) -> bool:
        return self.role == Role.SALES

    # What Django admin asks for.
    @property
    def is_staff(self) -> bool:
        return self.is_admin

    @property
    def is_superuser(self) -> bool:
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_perms(self, perms: Any, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_admin


def full_name(first_name: str, last_name: str, fallback: str) -> str:
    """Join the names; `fallback` when there are none."""
    return f"{first_name} {last_name}".strip() or fallback


class Session(models.Model):
    """One sign-in: access tokens name it, the newest refresh token is the only one it takes.

    `refresh_jti` is compared and swapped on every refresh. `recently_used` holds `[jti, when]` of the
    tokens used up within the last seconds: a parallel second try of one of those is an accident, any
    older one is theft and ends the session.
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
    """A key that opens one socket within 30 seconds; only its hash is kept."""

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
