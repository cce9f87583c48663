"""The second factor: signing in with it, turning it on and off. What it is, is in accounts/second_factor.py."""

import io

import segno
from django.db import transaction
from rest_framework.exceptions import ValidationError

from accounts.actions.sessions import sign_in
from accounts.actions.users import confirm_password, lock_login
from accounts.audit import audit
from accounts.models import SecondFactor, User, confirmed
from accounts.second_factor import CODE, AlreadyOn, WrongCode, begin, finish, prove, read_mfa_token, requires
from accounts.tokens import SessionOver, Tokens

_ON = "The second factor is on. Turn it off first to set it up anew."
_OFF = "The second factor is not on."
_REQUIRED = "Admins need a second factor here (REQUIRE_ADMIN_MFA)."


def log_in_with_code(*, token: str, code: str) -> Tokens:
    """Sign in with the token that the right password gave and a code. Raises SessionOver, WrongCode, TooManyGuesses."""
    user, step = read_mfa_token(token)
    if step != CODE:
        raise SessionOver("Set up the second factor first, and sign in again.")
    prove(user, code)
    with transaction.atomic():
        # The password may have changed since.
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, password=user.password).exists():
            raise SessionOver
        return sign_in(user=user)


def set_up(*, user: User) -> tuple[str, str, str]:
    """Give a login a new secret; return it, as a URL for apps, and as a picture (SVG) of that.

    Nothing is asked of anybody before `confirm`. Raises ValidationError if the second factor is on.
    """
    try:
        factor = begin(user)
    except AlreadyOn:
        raise ValidationError({"detail": _ON})
    return factor.secret or "", factor.otpauth_url, qr_svg(factor.otpauth_url)


def again(*, user: User) -> tuple[str, str, str] | None:
    """What `set_up` returned last; None if it is not called or was confirmed."""
    factor = SecondFactor.objects.select_related("user").filter(user=user, confirmed_at=None).first()
    return None if factor is None else (factor.secret or "", factor.otpauth_url, qr_svg(factor.otpauth_url))


def qr_svg(text: str) -> str:
    """Draw a QR code, black on white with the margin that cameras need."""
    svg = io.BytesIO()
    segno.make_qr(text, error="m").save(svg, kind="svg", scale=5, border=4, light="#fff", xmldecl=False, nl=False)
    return svg.getvalue().decode()


def confirm(*, user: User, code: str) -> list[str]:
    """Turn the second factor on with a code of the app, and return ten recovery codes, which are shown only now.

    Raises ValidationError for a wrong code and if it is on; TooManyGuesses. Do not call it in a transaction.
    """
    try:
        return finish(user, code)
    except WrongCode:
        raise ValidationError({"code": ["Wrong code. Enter the newest one that your app shows."]})
    except AlreadyOn:
        raise ValidationError({"detail": _ON})


def turn_off(*, user: User, current_password: str, code: str) -> None:
    """Turn off the own second factor. Asks for both factors.

    Raises ValidationError if one is wrong, if it is not on, and where it is required; TooManyGuesses; HashingBusy.
    Do not call it in a transaction.
    """
    if confirmed(user) is None:
        raise ValidationError({"detail": _OFF})
    if requires(user):
        raise ValidationError({"detail": _REQUIRED})
    confirm_password(user=user, password=current_password)
    try:
        prove(user, code)
    except WrongCode as wrong:
        raise ValidationError({"code": [str(wrong.detail)]})
    remove_factor(user=user, actor=user)


@transaction.atomic
def remove_factor(*, user: User, actor: User | None) -> None:
    """Turn off the second factor of a login whose owner has lost it. `actor` None: a command does.

    Raises ValidationError if there is none.
    """
    current = lock_login(user)
    if confirmed(current) is None:
        raise ValidationError({"detail": _OFF})
    SecondFactor.objects.filter(user=current).delete()
    audit("mfa_disabled", current, actor=actor)
