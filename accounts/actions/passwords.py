"""Forgotten passwords: a link by mail lets their owner choose a new one."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.actions.sessions import end_sessions
from accounts.actions.users import check_new_password, lock_login
from accounts.audit import audit
from accounts.letters import Letter, mail_later, public_url
from accounts.models import PasswordReset, User
from core.throttles import Limit

# Mails to one login. More are left out without a word: an answer would tell that the login exists.
MAILS = Limit("THROTTLE_PASSWORD_MAILS")

_BAD_LINK = "This link does not work any more. Ask for a new one."


@transaction.atomic
def ask_for_reset(*, login: str) -> None:
    """Have a link mailed to whoever signs in as `login`. Does the same whether or not there is anybody."""
    # A login that does not exist is not named: people type their password into the wrong field.
    audit("password_reset_asked", User.objects.named(login).first(), actor=None)
    mail_later("password_reset", login=login)


@transaction.atomic
def send_reset(*, user: User, actor: User) -> None:
    """Have a link mailed to a login, because an admin says so. Raises ValidationError if it cannot sign in."""
    if not user.is_active or not user.email:
        raise ValidationError({"detail": "This login is not active or has no email address."})
    audit("password_reset_asked", user, actor=actor)
    mail_later("password_reset", user_id=user.pk)


def reset_letter(*, login: str = "", user_id: int | None = None) -> Letter | None:
    """Write the mail with a new link; None if nobody may get one. Called by the relay."""
    logins = User.objects.present()
    user = logins.named(login).first() if user_id is None else logins.filter(pk=user_id).first()
    if user is None or not user.is_active or not user.email or not MAILS.take(f"user {user.pk}"):
        return None
    link = (settings.PASSWORD_RESET_URL or f"{public_url()}/reset/#{{token}}").replace(
        "{token}", PasswordReset.open_for(user)
    )
    minutes = int(PasswordReset.LIFETIME.total_seconds() // 60)
    return Letter(
        to=user.email,
        subject="Choose a new password for Patter",
        text=(
            f"Hello {user.name},\n\n"
            f"somebody asked for a new password for your login {user.username}. If it was you, open this link:\n\n"
            f"{link}\n\n"
            f"It works once, for {minutes} minutes. You will have to sign in again everywhere.\n"
            "If it was not you, do nothing: your password stays as it is.\n"
        ),
    )


def reset_password(*, token: str, password: str) -> None:
    """Give a new password to the login that a link was mailed to, and end all its sessions.

    The link is used up only if the password is accepted. Raises ValidationError under `token` or `password`;
    HashingBusy. Do not call it in a transaction.
    """
    digest = PasswordReset.digest_of(token)
    link = PasswordReset.objects.select_related("user").filter(digest=digest).first()
    if link is None or not _works(link, link.user):
        raise ValidationError({"token": [_BAD_LINK]})
    check_new_password(link.user, password)
    hashed = make_password(password)
    with transaction.atomic():
        current = lock_login(link.user)
        # Two requests with one link: the other one may have used it up meanwhile.
        used, _ = PasswordReset.objects.filter(pk=link.pk, digest=digest).delete()
        if not used or not _works(link, current):
            raise ValidationError({"token": [_BAD_LINK]})
        current.password = hashed
        current.save(update_fields=["password"])
        end_sessions(user=current)
        audit("password_reset", current, actor=current)


def _works(link: PasswordReset, user: User) -> bool:
    present = user.is_active and user.deleted_at is None
    return present and link.expires_at > timezone.now() and link.email == user.email
