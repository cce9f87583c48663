"""Encryption of secrets in the database, so that a copy of the database does not reveal them."""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def encrypt(text: str) -> str:
    """Encrypt with the first key of the setting FIELD_ENCRYPTION_KEYS, or with SECRET_KEY if there are none."""
    return _fernet(_secrets()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str | None:
    """Return the text that was encrypted, or None if none of the keys can decrypt it."""
    try:
        return _fernet(_secrets()).decrypt(token.encode()).decode()
    except InvalidToken:
        return None


def _secrets() -> tuple[str, ...]:
    return tuple(settings.FIELD_ENCRYPTION_KEYS) or (settings.SECRET_KEY,)


@lru_cache(maxsize=4)
def _fernet(secrets: tuple[str, ...]) -> MultiFernet:
    """Hash the texts into keys. The prefix keeps the bytes different from those of any other use of the same text."""
    keys = [hashlib.sha256(b"field-encryption:" + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
