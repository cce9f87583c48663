"""What this app keeps for a limited time (setting RETENTION)."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session as AdminSession
from django.db.models import Q
from django.utils import timezone

from accounts.models import AuditEntry, PasswordReset, Session, SocketTicket
from core.retention import Old

# Long enough to investigate a stolen token, and to remember where people sign in (accounts/new_sign_ins.py).
ENDED_SESSIONS_FOR = timedelta(days=90)


def old_rows() -> list[Old]:
    """Ended and expired sessions, expired tickets, links and sign-ins to Django admin, and old audit entries."""
    now = timezone.now()
    before = now - ENDED_SESSIONS_FOR
    return [
        Old("socket tickets", SocketTicket.objects.filter(expires_at__lt=now)),
        Old("links to a new password", PasswordReset.objects.filter(expires_at__lt=now)),
        Old("ended sessions", Session.objects.filter(Q(ended_at__lt=before) | Q(expires_at__lt=before))),
        Old("audit entries", AuditEntry.objects.filter(at__lt=now - timedelta(days=settings.AUDIT_RETENTION_DAYS))),
        Old("sign-ins to the admin", AdminSession.objects.filter(expire_date__lt=now)),
    ]
