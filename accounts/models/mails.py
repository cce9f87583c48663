"""Mails that are to be sent, and the links that some of them hold."""

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.users import User
from core.db.leases import Leased
from core.encryption import EncryptedTextField, decrypt, encrypt


class MailQuerySet(models.QuerySet["Mail"]):
    def due(self, now: datetime) -> "MailQuerySet":
        """Mails to send that nobody is sending."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now), not_before__lte=now, expires_at__gt=now)


class Mail(Leased):
    """A mail that a relay is to write and send (accounts/mailing.py). The row goes when it has left.

    `kind` names who writes it; `sealed` is what that needs to know, encrypted: it may be what somebody typed.
    """

    LIFETIME = timedelta(minutes=30)

    kind = models.CharField(max_length=40)
    sealed = EncryptedTextField(editable=False)
    expires_at = models.DateTimeField()

    objects = MailQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["not_before"], name="mail_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @classmethod
    def about(cls, kind: str, **what: Any) -> "Mail":
        """A mail that is to be written about `what`, which is kept as JSON."""
        return cls(kind=kind, sealed=encrypt(json.dumps(what)), expires_at=timezone.now() + cls.LIFETIME)

    @property
    def what(self) -> dict[str, Any] | None:
        """What it is about; None if the current keys cannot decrypt it."""
        text = decrypt(self.sealed)
        return None if text is None else json.loads(text)


class PasswordReset(models.Model):
    """A link that lets somebody choose a new password, once and for LIFETIME. Only the hash of its token is kept.

    The newest link of a login is the only one that works, and only while the login has the address it was mailed to.
    """

    LIFETIME = timedelta(minutes=30)

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="password_reset")
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"link of login {self.user_id} until {self.expires_at:%H:%M:%S}"

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()

    @classmethod
    def open_for(cls, user: User) -> str:
        """Make the link of a login, in place of an earlier one, and return its token."""
        token = secrets.token_urlsafe(32)
        fields = {
            "digest": cls.digest_of(token),
            "email": user.email,
            "expires_at": timezone.now() + cls.LIFETIME,
        }
        cls.objects.update_or_create(user=user, defaults=fields)
        return token
