"""What a mail says, and how one is asked for."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.models import Mail
from core.live.publishing import wake_relays


@dataclass(frozen=True)
class Letter:
    """A mail that is written. `to` is an address."""

    to: str
    subject: str
    text: str


def mail_later(kind: str, **what: Any) -> None:
    """Have a mail written and sent once the transaction is committed. `accounts/mailing.py` says who writes which."""
    Mail.about(kind, **what).save()
    wake_relays()


def public_url() -> str:
    """Return where people reach Patter, without a slash at the end."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    named = [host for host in settings.ALLOWED_HOSTS if host[:1] not in ("*", ".") and host not in _LOCAL]
    return f"https://{named[0]}" if named and not settings.DEBUG else f"http://127.0.0.1:{settings.PORT}"


_LOCAL = ("localhost", "127.0.0.1", "[::1]", "testserver")
