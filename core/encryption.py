"""Secrets at rest: what is stored in a row and must not be read from a copy of the database."""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def encrypt(text: str) -> str:
    """Encrypt with the first of the keys (setting FIELD_ENCRYPTION_KEYS, else one made from SECRET_KEY)."""
    return _fernet(_secrets()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str | None:
    """What `encrypt` was given; None when none of the keys can read it."""
    try:
        return _fernet(_secrets()).decrypt(token.encode()).decode()
    except InvalidToken:
        return None


def _secrets() -> tuple[str, ...]:
    return tuple(settings.FIELD_ENCRYPTION_KEYS) or (settings.SECRET_KEY,)


@lru_cache(maxsize=4)
def _fernet(secrets: tuple[str, ...]) -> MultiFernet:
    """Any text serves as a key: it is hashed, with a word of its own so that no other use of it has the same bytes."""
    keys = [hashlib.sha256(b"field-encryption:" + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
