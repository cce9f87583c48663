"""Telling people by mail that somebody signed in with their login from where they never did."""

from django.conf import settings

from accounts.letters import Letter, mail_later
from accounts.models import Session, SessionKind

_WHERE = {SessionKind.API: "", SessionKind.ADMIN: " (Django admin)"}


def tell_if_new(session: Session) -> None:
    """Have a mail written about a session that was just opened, if its address and browser are new for the login.

    Of its first session nobody is told: then everything is new. What was long ago is forgotten with the ended sessions
    (accounts/retention.py).
    """
    if not settings.MAIL_NEW_SIGN_INS:
        return
    earlier = Session.objects.filter(user=session.user_id).exclude(pk=session.pk)
    seen = earlier.filter(address=session.address, user_agent=session.user_agent)
    if earlier.exists() and not seen.exists():
        mail_later("new_sign_in", session=str(session.pk))


def new_sign_in_letter(*, session: str) -> Letter | None:
    """Write the mail; None if the session is gone. Called by the relay."""
    found = Session.objects.select_related("user").filter(pk=session).first()
    if found is None or not found.user.email:
        return None
    return Letter(
        to=found.user.email,
        subject="A new sign-in to Patter",
        text=(
            f"Hello {found.user.name},\n\n"
            f"somebody signed in as {found.user.username}{_WHERE[SessionKind(found.kind)]} from where you never did "
            "before:\n\n"
            f"When: {found.created_at:%Y-%m-%d %H:%M} UTC\n"
            f"From: {found.address or 'an unknown address'}\n"
            f"With: {found.user_agent or 'an unknown program'}\n\n"
            "If it was you, do nothing.\n"
            "If it was not you, change your password now: that signs you out everywhere else.\n"
        ),
    )
