"""The second factor of a login: an app that shows codes, and codes on paper for when it is lost."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

import pyotp
from django.db import models
from django.utils import timezone

from accounts.models.users import User
from core.encryption import EncryptedTextField, decrypt, encrypt

# Without letters and digits that look alike. 31 of them, almost five bits each.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_CODES = 10
# 118 random bits: ASVS 5.0, 6.5.2, wants 112 of what is stored as a plain hash.
_CODE_LETTERS = 24


class SecondFactor(models.Model):
    """What a login proves beside the password, once it is confirmed. Before that, nobody is asked for it.

    The secret is encrypted. Of the recovery codes only hashes are kept, of those that are not used yet. A code of the
    app works for its step of 30 seconds and one more either way, and once: `last_step` and all before it are used up.
    """

    STEP_SECONDS = 30

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="second_factor")
    sealed = EncryptedTextField(editable=False)
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    recovery = models.JSONField(default=list, editable=False)

    def __str__(self) -> str:
        return f"second factor of login {self.user_id}"

    @classmethod
    def begin(cls, user: User) -> "SecondFactor":
        """A new secret for a login, in place of one that was never confirmed. Not saved."""
        return cls(user=user, sealed=encrypt(pyotp.random_base32()))

    @property
    def secret(self) -> str | None:
        """None if the current keys cannot decrypt it."""
        return decrypt(self.sealed)

    @property
    def otpauth_url(self) -> str:
        """What an app reads from the QR code."""
        return pyotp.TOTP(self.secret or "").provisioning_uri(name=self.user.username, issuer_name="Patter")

    def use(self, code: str, *, now: datetime | None = None) -> bool:
        """Whether this is a code that works now; it is used up then. Save the row, which has to be locked."""
        given = code.replace(" ", "").replace("-", "").lower()
        if given.isascii() and given.isdigit():
            return self._use_step(given, now or timezone.now())
        digest = _digest(given)
        if digest not in self.recovery:
            return False
        self.recovery = [one for one in self.recovery if one != digest]
        return True

    def _use_step(self, code: str, now: datetime) -> bool:
        secret = self.secret
        if secret is None:
            return False
        at = int(now.timestamp()) // self.STEP_SECONDS
        for step in (at - 1, at, at + 1):
            right = secrets.compare_digest(pyotp.TOTP(secret).at(step * self.STEP_SECONDS), code)
            if right and step > self.last_step:
                self.last_step = step
                return True
        return False

    def new_recovery_codes(self) -> list[str]:
        """Ten codes in place of all before, each good once."""
        codes = ["".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS)) for _ in range(_RECOVERY_CODES)]
        self.recovery = [_digest(code) for code in codes]
        return ["-".join(code[at : at + 4] for at in range(0, _CODE_LETTERS, 4)) for code in codes]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def confirmed(user: User) -> SecondFactor | None:
    """The second factor that a login has to prove, if it has one."""
    found: Any = SecondFactor.objects.filter(user_id=user.pk).exclude(confirmed_at=None).first()
    return found  # type: ignore[no-any-return]
