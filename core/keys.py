"""Keyed hashes, with SECRET_KEY. Those made before the key was replaced fit as long as SECRET_KEY_FALLBACKS has it."""

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac


def secret_keys() -> list[str]:
    """SECRET_KEY, and the keys before it that still count."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def keyed_hash(purpose: str, text: str) -> str:
    """Return a hash that nobody can make without SECRET_KEY, nor use for another purpose."""
    return _hash(purpose, text, settings.SECRET_KEY)


def fits(digest: str, purpose: str, text: str) -> bool:
    """Whether `keyed_hash` returned this digest, with the key of now or one before it."""
    return any(constant_time_compare(digest, _hash(purpose, text, key)) for key in secret_keys())


def _hash(purpose: str, text: str, key: str) -> str:
    return salted_hmac(purpose, text, secret=key, algorithm="sha256").hexdigest()
