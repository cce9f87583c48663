"""Signing in, staying in and leaving. Every failure is a SessionOver (401) with a text that may be shown."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.models import Session, SocketTicket, User
from core.live.groups import user_group
from core.live.publishing import publish_on_commit
from core.throttles import Limit

# A second try of a refresh token within this time is a client's accident, a later one is theft.
REPLAY_GRACE = timedelta(seconds=10)
# Patter's tokens have some 400 characters. Longer texts are not even decoded.
MAX_TOKEN_LENGTH = 4096

FAILED_LOGINS = Limit("THROTTLE_LOGIN")


class SessionOver(AuthenticationFailed):
    """The credentials open nothing (any more)."""

    default_detail = "The session is over. Sign in again."
    default_code = "session_over"


class BadCredentials(SessionOver):
    default_detail = "No active login was found with these credentials."
    default_code = "bad_credentials"


@dataclass(frozen=True)
class Tokens:
    access: str
    refresh: str
    session: Session


@dataclass(frozen=True)
class _Claims:
    user_id: str
    sid: uuid.UUID
    jti: str
    expires_at: datetime


def _read(kind: type[Token], raw: str) -> _Claims:
    """Return what a validly signed token of this kind says. Raises SessionOver for any other text."""
    if len(raw) > MAX_TOKEN_LENGTH:
        raise SessionOver("The token is invalid.")
    try:
        token = kind(raw)  # type: ignore[arg-type]  # annotated as a Token, decoded as the text it is
        return _Claims(
            user_id=str(token["user_id"]),
            sid=uuid.UUID(str(token["sid"])),
            jti=str(token["jti"]),
            expires_at=datetime.fromtimestamp(token["exp"], tz=UTC),
        )
    except ExpiredTokenError as error:
        raise SessionOver("The token has expired.") from error
    except (TokenError, KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError) as error:
        # A forger chooses what is inside: numbers beyond any date, nesting beyond the stack.
        raise SessionOver("The token is invalid.") from error


def _tokens(session: Session) -> Tokens:
    """Sign a pair for the session; the refresh token carries the jti that the session takes next."""
    pair: list[str] = []
    for token, lifetime in (
        (AccessToken(), timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)),
        (RefreshToken(), timedelta(days=settings.REFRESH_TOKEN_DAYS)),
    ):
        token.set_exp(lifetime=lifetime)
        token["user_id"] = str(session.user_id)
        token["sid"] = str(session.pk)
        if isinstance(token, RefreshToken):
            token["jti"] = session.refresh_jti
        pair.append(str(token))
    return Tokens(access=pair[0], refresh=pair[1], session=session)


def _session_end() -> datetime:
    return timezone.now() + timedelta(days=settings.REFRESH_TOKEN_DAYS)


@transaction.atomic
def sign_in(*, user: User) -> Tokens:
    """Open a session for a login whose owner has been recognised. Raises SessionOver when it is not active.

    The login is locked, as those who deactivate it or change its password lock it: no session slips through
    between their look at the sessions and their commit.
    """
    current = User.objects.select_for_update(no_key=True).present().filter(pk=user.pk, is_active=True).first()
    if current is None:
        raise BadCredentials
    now = timezone.now()
    Session.objects.filter(user=current, expires_at__lt=now).delete()
    session = Session.objects.create(user=current, refresh_jti=uuid.uuid4().hex, expires_at=_session_end())
    User.objects.filter(pk=current.pk).update(last_login=now)
    current.last_login = user.last_login = now
    return _tokens(session)


def check_credentials(*, login: str, password: str, address: str) -> User:
    """Return the active login that these credentials open.

    Failures are counted per login and address before anything is hashed, so that parallel tries count too, and
    one colleague's typing errors lock neither the office nor that colleague elsewhere. Unknown and inactive
    logins cost the same time and get the same answer. Raises BadCredentials, or Throttled for any password,
    right or wrong, when the failures are used up.
    """
    user = User.objects.named(login).first()
    key = f"user {user.pk}" if user else sha256(login.lower().encode("utf-8", "replace")).hexdigest()
    if not FAILED_LOGINS.take(key, address):
        raise Throttled(FAILED_LOGINS.wait(key, address), "Too many failed sign-ins.")
    if user is None:
        User().set_password(password)
        raise BadCredentials
    if not user.check_password(password) or not user.is_active:
        raise BadCredentials
    FAILED_LOGINS.give_back(key, address)
    return user


def log_in(*, login: str, password: str, address: str) -> Tokens:
    """Sign in with a username or email, in any case. Raises as `check_credentials` does."""
    user = check_credentials(login=login, password=password, address=address)
    with transaction.atomic():
        # Hashing took its time outside of any lock: the password must still be the one that was checked.
        still = User.objects.select_for_update(no_key=True).filter(pk=user.pk, password=user.password)
        if not still.exists():
            raise BadCredentials
        return sign_in(user=user)


def refresh(*, token: str) -> Tokens:
    """Swap a refresh token for a new pair; each works once, whatever runs in parallel. Raises SessionOver.

    Not atomic as a whole: ending the session of a stolen token must outlive the refusal.
    """
    claims = _read(RefreshToken, token)
    session = Session.objects.live().select_related("user").filter(pk=claims.sid).first()
    if session is None or str(session.user_id) != claims.user_id:
        raise SessionOver
    now = timezone.now()
    # Younger than the grace only: any older token is known by not being here.
    recent = [used for used in session.recently_used if used[1] > (now - REPLAY_GRACE).timestamp()]
    if session.refresh_jti != claims.jti:
        if claims.jti not in [jti for jti, _ in recent]:
            end_session(session=session)
            raise SessionOver("This refresh token was used before. The session was ended; sign in again.")
        raise SessionOver("This refresh token was used already.")
    swap = {
        "refresh_jti": uuid.uuid4().hex,
        "recently_used": [*recent, [claims.jti, now.timestamp()]],
        "expires_at": _session_end(),
    }
    # Conditions on the session's own columns only: with a join Django would look them up in a subquery, which
    # PostgreSQL does not ask again after waiting for a parallel swap.
    mine = Session.objects.filter(pk=session.pk, refresh_jti=claims.jti, ended_at=None)
    if mine.update(**swap) != 1:
        raise SessionOver("This refresh token was used already.")
    for field, value in swap.items():
        setattr(session, field, value)
    return _tokens(session)


def log_out(*, token: str) -> None:
    """End the session of a refresh token, also of one used up before. Raises SessionOver for an invalid one.

    A session that is over already is no error: the client may be repeating a call whose answer was lost.
    """
    claims = _read(RefreshToken, token)
    session = Session.objects.filter(pk=claims.sid).first()
    if session is not None and str(session.user_id) == claims.user_id:
        end_session(session=session)


@transaction.atomic
def end_session(*, session: Session) -> None:
    """End one session: its tokens stop at once and its sockets close."""
    Session.objects.filter(pk=session.pk, ended_at=None).update(ended_at=timezone.now())
    recheck(session.user_id)


@transaction.atomic
def end_sessions(*, user: User, keep: Session | None = None) -> None:
    """End all sessions of a login but `keep`. Lock the login first if none may slip through (`sign_in`)."""
    over = Session.objects.filter(user=user, ended_at=None)
    if keep is not None:
        over = over.exclude(pk=keep.pk)
    over.update(ended_at=timezone.now())
    recheck(user.pk)


def recheck(user_id: int) -> None:
    """Tell the login's sockets, on commit, to ask again whether they may be there."""
    publish_on_commit(user_group(user_id), {"type": "recheck"})


@transaction.atomic
def issue_ticket(*, session: Session) -> str:
    """Return a key that opens one socket within SocketTicket.LIFETIME; only its hash is kept."""
    now = timezone.now()
    SocketTicket.objects.filter(session=session, expires_at__lt=now).delete()
    ticket = SocketTicket.new_ticket()
    SocketTicket.objects.create(
        digest=SocketTicket.digest_of(ticket), session=session, expires_at=now + SocketTicket.LIFETIME
    )
    return ticket


def redeem_ticket(ticket: str) -> Session | None:
    """Use up a ticket and return its session with its user; None for an unknown, used or expired one, and
    when the session is over."""
    found = SocketTicket.objects.filter(digest=SocketTicket.digest_of(ticket), expires_at__gt=timezone.now()).first()
    # Of several who found it, the one whose DELETE hits the row has it.
    if found is None or SocketTicket.objects.filter(pk=found.pk).delete()[0] != 1:
        return None
    return Session.objects.live().select_related("user").filter(pk=found.session_id).first()


def session_of_token(raw: str) -> tuple[Session, datetime]:
    """Return the live session (with its user, one query) of an access token, and when the token expires.

    Raises SessionOver for any text that is no valid access token of a live session.
    """
    claims = _read(AccessToken, raw)
    session = Session.objects.live().select_related("user").filter(pk=claims.sid).first()
    if session is None or str(session.user_id) != claims.user_id:
        raise SessionOver
    return session, claims.expires_at
