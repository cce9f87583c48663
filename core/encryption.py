"""Encryption of secrets in the database, so that a copy of the database does not reveal them."""

import base64
import hashlib
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from core.keys import secret_keys


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """A column for what `encrypt` returns. `manage.py reencrypt` finds it; for the database it is a text."""

    def deconstruct(self) -> Any:
        name, _, arguments, named = super().deconstruct()
        return name, "django.db.models.TextField", arguments, named


def encrypt(text: str) -> str:
    """Encrypt with the first key of the setting FIELD_ENCRYPTION_KEYS, or with SECRET_KEY if there are none."""
    return _fernet(_secrets()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str | None:
    """Return the text that was encrypted, or None if none of the keys, old ones included, can decrypt it."""
    try:
        return _fernet(_secrets()).decrypt(token.encode()).decode()
    except InvalidToken:
        return None


def renewed(token: str) -> str | None:
    """Return what is encrypted with an older key as the newest one encrypts it; None if no key can decrypt it.

    What the newest key encrypted is returned as it is.
    """
    try:
        _fernet(_secrets()[:1]).decrypt(token.encode())
        return token
    except InvalidToken:
        pass
    try:
        return _fernet(_secrets()).rotate(token.encode()).decode()
    except InvalidToken:
        return None


def _secrets() -> tuple[str, ...]:
    """The newest first. The SECRET_KEYs stay, for what was encrypted before there were FIELD_ENCRYPTION_KEYS."""
    return (*settings.FIELD_ENCRYPTION_KEYS, *secret_keys())


@lru_cache(maxsize=8)
def _fernet(secrets: tuple[str, ...]) -> MultiFernet:
    """Hash the texts into keys. The prefix keeps the bytes different from those of any other use of the same text."""
    keys = [hashlib.sha256(b"field-encryption:" + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
