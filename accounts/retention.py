"""What accounts keep for a time only (setting RETENTION)."""

from datetime import timedelta

from django.contrib.sessions.models import Session as AdminSession
from django.db.models import Q
from django.utils import timezone

from accounts.models import Session, SocketTicket
from core.retention import Old

# Long enough to look into what somebody did with a session that was ended for theft.
ENDED_SESSIONS_FOR = timedelta(days=7)


def old_rows() -> list[Old]:
    """Sessions that are over, tickets that open nothing any more, and sign-ins to Django admin that ran out."""
    now = timezone.now()
    before = now - ENDED_SESSIONS_FOR
    return [
        Old("socket tickets", SocketTicket.objects.filter(expires_at__lt=now)),
        Old("ended sessions", Session.objects.filter(Q(ended_at__lt=before) | Q(expires_at__lt=before))),
        Old("sign-ins to the admin", AdminSession.objects.filter(expire_date__lt=now)),
    ]
