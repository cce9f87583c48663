"""What stands between the right password and a session: the code of a second factor.

Whoever has entered the password gets an `mfa_token`. It opens nothing but the step that is missing, for some minutes
and as long as the password stays the same.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.audit import audit
from accounts.guessing import attempt_at_code
from accounts.models import SecondFactor, User, confirmed
from accounts.tokens import MAX_TOKEN_LENGTH, SessionOver

_SALT = "accounts.mfa"
# To find the phone, or to install an app on it.
TOKEN_SECONDS = 15 * 60
CODE, SETUP = "code", "setup"


class WrongCode(SessionOver):
    default_detail = "Wrong code. Enter the newest one that your app shows, or one of your recovery codes."
    default_code = "wrong_code"


@dataclass(frozen=True)
class Pending:
    """A sign-in of which a step is missing: CODE, or SETUP where a second factor is required and there is none."""

    step: str
    mfa_token: str


def requires(user: User) -> bool:
    """Whether this login must have a second factor."""
    return settings.REQUIRE_ADMIN_MFA and user.is_admin


def pending_step(user: User) -> Pending | None:
    """What is missing after the password of a login was right; None: nothing."""
    if confirmed(user) is not None:
        return _pending(user, CODE)
    return _pending(user, SETUP) if requires(user) else None


def _pending(user: User, step: str) -> Pending:
    told = {"user": user.pk, "step": step, "mark": _mark(user)}
    return Pending(step, signing.dumps(told, salt=_SALT))


def _mark(user: User) -> str:
    """Changes with the password."""
    return salted_hmac(_SALT, user.password, algorithm="sha256").hexdigest()[:16]


def read_mfa_token(token: str) -> tuple[User, str]:
    """Return whose token it is, and the step it opens. Raises SessionOver: sign in again.

    A token for SETUP is over as soon as there is a second factor: it came from the password alone.
    """
    over = SessionOver("This sign-in has taken too long. Please sign in again.")
    if len(token) > MAX_TOKEN_LENGTH:
        raise over
    try:
        told = signing.loads(token, salt=_SALT, max_age=TOKEN_SECONDS)
    except signing.BadSignature as error:
        raise over from error
    user = User.objects.present().filter(pk=told["user"], is_active=True).first()
    if user is None or not constant_time_compare(told["mark"], _mark(user)):
        raise over
    if (confirmed(user) is None) != (told["step"] == SETUP):
        raise over
    return user, told["step"]


def prove(user: User, code: str) -> None:
    """Use up a code of a login's confirmed second factor. Two requests with one code: one of them wins.

    Raises WrongCode; TooManyGuesses. Do not call it in a transaction: a wrong code leaves a trace.
    """
    attempt = attempt_at_code(user)
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user).exclude(confirmed_at=None).first()
        right = factor is not None and factor.use(code)
        if factor is not None and right:
            factor.save(update_fields=["last_step", "recovery"])
    if not right:
        audit("mfa_failed", user, actor=None)
        raise WrongCode
    attempt.was_right()


def begin(user: User) -> SecondFactor:
    """Give a login a new secret, in place of one that was never confirmed. Raises AlreadyOn."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if confirmed(user) is not None:
            raise AlreadyOn
        factor = SecondFactor.begin(user)
        SecondFactor.objects.filter(user=user).delete()
        factor.save(force_insert=True)
        audit("mfa_begun", user, actor=user)
    return factor


def finish(user: User, code: str) -> list[str]:
    """Turn the second factor on with a first code of the app, and return the recovery codes.

    Raises WrongCode, AlreadyOn; TooManyGuesses. Do not call it in a transaction.
    """
    attempt = attempt_at_code(user)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        if factor is not None and factor.confirmed_at is not None:
            raise AlreadyOn
        right = factor is not None and factor.use(code)
        if factor is not None and right:
            codes = factor.new_recovery_codes()
            factor.confirmed_at = timezone.now()
            factor.save()
            audit("mfa_enabled", user, actor=user)
    if not right:
        audit("mfa_failed", user, actor=user)
        raise WrongCode
    attempt.was_right()
    return codes


class AlreadyOn(Exception):
    """The login has a second factor."""
