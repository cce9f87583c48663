"""Meta's signature of a webhook body: HMAC-SHA256 over the raw bytes (docs/whatsapp.md, "Webhook")."""

import hashlib
import hmac
import re

from django.conf import settings

from core.keys import secret_keys

_HEADER = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def secrets() -> list[str]:
    """The app secrets a body may be signed with. There are several while one is being replaced.

    If none is set, the sandbox derives one from SECRET_KEY; without the sandbox, no signature is accepted.
    """
    if settings.WHATSAPP_APP_SECRETS:
        return list(settings.WHATSAPP_APP_SECRETS)
    if settings.WHATSAPP_SANDBOX:
        return [hashlib.sha256(f"whatsapp sandbox:{key}".encode()).hexdigest() for key in secret_keys()]
    return []


def sign(body: bytes) -> str:
    """Return the `X-Hub-Signature-256` header Meta would send with `body` (sandbox, tests, whatsapp_say)."""
    return f"sha256={_digest(secrets()[0], body)}"


def is_signed(body: bytes, header: str | None) -> bool:
    """Whether `header` is a signature of exactly these bytes by one of our app secrets."""
    match = _HEADER.fullmatch(header or "")
    if match is None:
        return False
    # Not `any`: all secrets are compared, so that the time taken does not reveal which one fits.
    fits = [hmac.compare_digest(_digest(secret, body), match[1]) for secret in secrets() if secret]
    return True in fits


def _digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
