"""Codes that prove a phone."""

import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.db.leases import Leased
from core.encryption import EncryptedTextField, decrypt, encrypt
from core.keys import fits, keyed_hash

_PURPOSE = "customers.PhoneCode"


class CodeState(models.TextChoices):
    """How far a code has come on its way to the phone."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class PhoneCodeQuerySet(models.QuerySet["PhoneCode"]):
    def due(self, now: datetime) -> "PhoneCodeQuerySet":
        """Codes to send that nobody is sending. An expired one is sent no more."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, state=CodeState.QUEUED, not_before__lte=now, expires_at__gt=now)


class PhoneCode(Leased):
    """The code last sent to a customer's phone. Only its keyed hash is kept, so the table proves no phone.

    The row is also the job to send it (messaging/relay/phone_codes.py). Until it leaves, `sealed` is the code,
    encrypted; then it is emptied.
    """

    LIFETIME = timedelta(minutes=10)
    MAX_TRIES = 5

    customer = models.OneToOneField("Customer", on_delete=models.CASCADE, primary_key=True, related_name="phone_code")
    phone = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=9, choices=CodeState.choices, default=CodeState.SENT)
    sealed = EncryptedTextField(blank=True, editable=False)
    # Why it failed, for admins.
    error = models.TextField(blank=True)

    objects = PhoneCodeQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            # The queue: a small index, however many codes were sent.
            models.Index(fields=["not_before"], condition=Q(state__in=("queued", "sending")), name="phone_code_unsent")
        ]

    def __str__(self) -> str:
        return f"code of {self.customer_id} until {self.expires_at:%H:%M:%S}"

    @staticmethod
    def new_code() -> str:
        """Six digits."""
        return f"{secrets.randbelow(1_000_000):06d}"

    @staticmethod
    def digest_of(customer_id: int, phone: str, code: str) -> str:
        """The keyed hash of a code, worth nothing for another customer or phone."""
        return keyed_hash(_PURPOSE, f"{customer_id}:{phone}:{code}")

    @classmethod
    def open_for(cls, customer_id: int, phone: str, code: str) -> dict[str, Any]:
        """The fields of a code that is to be sent now. A claim on the one before ends."""
        now = timezone.now()
        return {
            "phone": phone,
            "digest": cls.digest_of(customer_id, phone, code),
            "expires_at": now + cls.LIFETIME,
            "tries": 0,
            "state": CodeState.QUEUED,
            "sealed": encrypt(code),
            "error": "",
            "attempts": 0,
            "not_before": now,
            "lease_until": None,
            "claim_token": None,
        }

    @property
    def unsealed(self) -> str | None:
        """The code that is to be sent; None if it has left, or if the current keys cannot decrypt it."""
        return decrypt(self.sealed) if self.sealed else None

    def is_open(self) -> bool:
        """Whether another try is allowed."""
        return self.tries < self.MAX_TRIES and timezone.now() < self.expires_at

    def matches(self, code: str) -> bool:
        """Whether this is the code that was sent."""
        return fits(self.digest, _PURPOSE, f"{self.customer_id}:{self.phone}:{code}")
