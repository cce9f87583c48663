"""Codes that prove a phone."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac


class PhoneCode(models.Model):
    """The code last sent to a customer's phone. Only its keyed hash is kept, so the table proves no phone."""

    LIFETIME = timedelta(minutes=10)
    MAX_TRIES = 5

    customer = models.OneToOneField("Customer", on_delete=models.CASCADE, primary_key=True, related_name="phone_code")
    phone = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"code of {self.customer_id} until {self.expires_at:%H:%M:%S}"

    @staticmethod
    def new_code() -> str:
        """Six digits."""
        return f"{secrets.randbelow(1_000_000):06d}"

    @staticmethod
    def digest_of(customer_id: int, phone: str, code: str) -> str:
        """The keyed hash of a code, worth nothing for another customer or phone."""
        return salted_hmac("customers.PhoneCode", f"{customer_id}:{phone}:{code}", algorithm="sha256").hexdigest()

    @classmethod
    def open_for(cls, customer_id: int, phone: str, code: str) -> dict[str, Any]:
        """The fields of a code that is sent now."""
        digest = cls.digest_of(customer_id, phone, code)
        return {"phone": phone, "digest": digest, "expires_at": timezone.now() + cls.LIFETIME, "tries": 0}

    def is_open(self) -> bool:
        """Whether another try is allowed."""
        return self.tries < self.MAX_TRIES and timezone.now() < self.expires_at

    def matches(self, code: str) -> bool:
        """Whether this is the code that was sent."""
        return constant_time_compare(self.digest, self.digest_of(self.customer_id, self.phone, code))
