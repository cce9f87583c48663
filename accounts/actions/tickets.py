"""Tickets, each of which opens one socket."""

from django.db import transaction
from django.utils import timezone

from accounts.models import Session, SocketTicket
from accounts.tokens import Claims


@transaction.atomic
def issue_ticket(*, session: Session) -> str:
    """Return a ticket that opens one socket within SocketTicket.LIFETIME. Only its hash is stored."""
    now = timezone.now()
    SocketTicket.objects.filter(session=session, expires_at__lt=now).delete()
    ticket = SocketTicket.new_ticket()
    SocketTicket.objects.create(
        digest=SocketTicket.digest_of(ticket), session=session, expires_at=now + SocketTicket.LIFETIME
    )
    return ticket


def redeem_ticket(ticket: str) -> Session | None:
    """Use up a ticket and return its session with its user.

    None if the ticket is unknown, used or expired, or if the session has ended.
    """
    found = SocketTicket.objects.filter(digest=SocketTicket.digest_of(ticket), expires_at__gt=timezone.now()).first()
    # If several requests find the ticket, it goes to the one whose DELETE removes the row.
    if found is None or SocketTicket.objects.filter(pk=found.pk).delete()[0] != 1:
        return None
    return Session.objects.live().select_related("user").filter(pk=found.session_id).first()


def claims_of_ticket(ticket: str) -> Claims | None:
    """Use up a ticket and return what an access token would say that is valid as long as the session; else None."""
    session = redeem_ticket(ticket)
    if session is None:
        return None
    return Claims(str(session.user_id), session.pk, jti="", expires_at=session.expires_at)
