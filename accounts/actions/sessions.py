"""Signing in, refreshing and signing out. Failures raise SessionOver (401), whose text may be shown to the user."""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Subquery
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, UntypedToken

from accounts.audit import audit
from accounts.guessing import TooManyGuesses, attempt_to_sign_in, folded
from accounts.hashers import HashingBusy
from accounts.models import PasswordReset, Session, SessionKind, User
from accounts.new_sign_ins import tell_if_new
from accounts.second_factor import Pending, pending_step
from accounts.tokens import Claims, SessionOver, Tokens, read_token, sign_tokens
from core import origin
from core.calls import note_user
from core.db.compiled import Compiled
from core.live.groups import user_group
from core.live.publishing import publish_on_commit
from core.throttles import Limit

logger = logging.getLogger(__name__)

# A refresh token used twice within this time is an accident of the client. Used again later, it was stolen.
REPLAY_GRACE = timedelta(seconds=10)

# Whoever goes on while they are throttled fills neither the trail nor the log.
THROTTLES_TOLD = Limit("AUDIT_THROTTLES")

# The login is looked up by its id, also when PostgreSQL does not know yet that one with so high an id has a session: it
# would join all logins up to there, in every request.
_LIVE = Compiled(
    lambda sid, now: (
        Session.objects.live(now)
        .select_related("user")
        .filter(pk=sid, user=Subquery(Session.objects.filter(pk=sid).values("user")))
    )
)


class BadCredentials(SessionOver):
    default_detail = "Wrong username or password."
    default_code = "bad_credentials"


def _session_end(kind: str, began: datetime, now: datetime) -> datetime:
    """Until when a session lasts that began then and is used now: the tokens of the API let it last longer."""
    if kind == SessionKind.ADMIN:
        return began + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    longest = began + timedelta(days=settings.SESSION_DAYS)
    return min(now + timedelta(days=settings.REFRESH_TOKEN_DAYS), longest)


def sign_in(*, user: User) -> Tokens:
    """Open a session of the API for a login whose credentials have been checked, and return its tokens.

    Raises what `open_session` raises.
    """
    return sign_tokens(open_session(user=user, kind=SessionKind.API))


@transaction.atomic
def open_session(*, user: User, kind: str) -> Session:
    """Open a session for a login whose credentials have been checked. Raises SessionOver if it is not active.

    Locks the login, as deactivating it and changing its password do: otherwise a session could be opened between
    the moment they end its sessions and their commit.
    """
    current = User.objects.select_for_update(no_key=True).present().filter(pk=user.pk, is_active=True).first()
    if current is None:
        raise BadCredentials
    now = timezone.now()
    where = origin.current()
    session = Session.objects.create(
        user=current,
        kind=kind,
        refresh_jti=uuid.uuid4().hex,
        created_at=now,
        last_seen_at=now,
        expires_at=_session_end(kind, now, now),
        address=where.address[:45],
        user_agent=where.user_agent,
    )
    User.objects.filter(pk=current.pk).update(last_login=now)
    current.last_login = user.last_login = now
    origin.signed_in(session.pk)
    audit("signed_in", session, actor=current)
    tell_if_new(session)
    return session


def check_credentials(*, login: str, password: str, address: str) -> User:
    """Return the active login that these credentials belong to.

    Attempts are counted before the password is hashed (accounts/guessing.py). Unknown and inactive logins take the
    same time and get the same answer. Raises BadCredentials, or TooManyGuesses after too many failures, even if the
    password is right; HashingBusy, which is not counted. Do not call it in a transaction.
    """
    user = User.objects.named(login).first()
    try:
        attempt = attempt_to_sign_in(login=login, user=user, address=address)
    except TooManyGuesses:
        if THROTTLES_TOLD.take(folded(login), address):
            audit("sign_in_throttled", user, actor=None)
            _log_failure(user, "too many attempts")
        raise
    try:
        right = _hashes_to(user, password)
    except HashingBusy:
        attempt.was_not_judged()
        raise
    if user is None or not right or not user.is_active:
        # A login that does not exist is not named: people type their password into the wrong field.
        audit("sign_in_failed", user, actor=None)
        _log_failure(user, "it is not active" if right else "wrong password")
        raise BadCredentials
    attempt.was_right()
    return user


def _log_failure(user: User | None, why: str) -> None:
    """Log a failed sign-in: the login by its id. What was typed may be a name, or a password in the wrong field."""
    if user is None:
        logger.warning("a sign-in failed: there is no such login", extra={"facts": {"event": "sign_in_failed"}})
        return
    facts = {"event": "sign_in_failed", "account_id": user.pk, "reason": why}
    logger.warning("a sign-in as login %s failed: %s", user.pk, why, extra={"facts": facts})


def _hashes_to(user: User | None, password: str) -> bool:
    """Whether it is the user's password. Nobody's takes the same time."""
    if user is None:
        User().set_password(password)
        return False
    return user.check_password(password)


def log_in(*, login: str, password: str, address: str) -> Tokens | Pending:
    """Sign in with a username or email, ignoring case; or return what is still missing, if it is a second factor.

    Raises what `check_credentials` raises.
    """
    user = check_credentials(login=login, password=password, address=address)
    with transaction.atomic():
        # Hashing is slow and happened without a lock: make sure the password is still the one that was checked.
        still = User.objects.select_for_update(no_key=True).filter(pk=user.pk, password=user.password)
        if not still.exists():
            raise BadCredentials
        return pending_step(user) or sign_in(user=user)


def refresh(*, token: str) -> Tokens:
    """Exchange a refresh token for a new pair. Each works once, even in parallel requests. Raises SessionOver.

    Not atomic: when a stolen token ends the session, that must be committed although the request is refused.
    """
    claims = read_token(RefreshToken, token)
    session = live_session(claims)
    now = timezone.now()
    # Only tokens used within the grace are kept here. Any other token that does not match is an old one.
    recent = [used for used in session.recently_used if used[1] > (now - REPLAY_GRACE).timestamp()]
    if session.refresh_jti != claims.jti:
        if claims.jti not in [jti for jti, _ in recent]:
            end_session(session=session, actor=None, verb="session_ended_for_reuse")
            facts = {"event": "session_ended", "account_id": session.user_id}
            logger.warning("an old refresh token of login %s was used: ended", session.user_id, extra={"facts": facts})
            raise SessionOver(
                "This refresh token was used before, so its session has been ended. Please sign in again."
            )
        raise SessionOver("This refresh token has already been used.")
    swap = {
        "refresh_jti": uuid.uuid4().hex,
        "recently_used": [*recent, [claims.jti, now.timestamp()]],
        "expires_at": _session_end(session.kind, session.created_at, now),
        "last_seen_at": now,
    }
    # Filter by columns of the session only. With a join Django would write a subquery, which PostgreSQL does not
    # evaluate again after it has waited for a parallel exchange.
    mine = Session.objects.filter(pk=session.pk, refresh_jti=claims.jti, ended_at=None)
    if mine.update(**swap) != 1:
        raise SessionOver("This refresh token has already been used.")
    for field, value in swap.items():
        setattr(session, field, value)
    return sign_tokens(session)


def check_token(*, token: str) -> None:
    """Return if this access or refresh token would be accepted now. It is not used up. Raises SessionOver."""
    claims = read_token(UntypedToken, token)
    session = live_session(claims)
    newest = {AccessToken.token_type: claims.jti, RefreshToken.token_type: session.refresh_jti}
    if claims.jti != newest.get(claims.type):
        raise SessionOver("This refresh token has already been used.")


def log_out(*, token: str) -> None:
    """End the session that a refresh token belongs to, even if the token was used before.

    Raises SessionOver for an invalid token. It is not an error if the session has already ended: the client may be
    repeating a request whose answer got lost.
    """
    claims = read_token(RefreshToken, token)
    session = Session.objects.filter(pk=claims.sid).first()
    if session is not None and str(session.user_id) == claims.user_id:
        end_session(session=session, actor=session.user)


@transaction.atomic
def end_session(*, session: Session, actor: User | None, verb: str = "") -> None:
    """End one session: its tokens stop working at once and its sockets are closed. Nothing happens if it has ended.

    `actor` is who ends it. Whose session it is signs out; others end it, which the audit trail calls `session_ended`.
    """
    if Session.objects.filter(pk=session.pk, ended_at=None).update(ended_at=timezone.now()):
        own = actor is not None and actor.pk == session.user_id
        audit(verb or ("signed_out" if own else "session_ended"), session, actor=actor)
    recheck(session.user_id)


@transaction.atomic
def end_sessions(*, user: User, keep: Session | None = None) -> None:
    """End all sessions of a login except `keep`. Lock the login first if none may be opened meanwhile (`sign_in`)."""
    over = Session.objects.filter(user=user, ended_at=None)
    if keep is not None:
        over = over.exclude(pk=keep.pk)
    over.update(ended_at=timezone.now())
    # Whatever ends sessions ends links to a new password, too.
    PasswordReset.objects.filter(user=user).delete()
    recheck(user.pk)


@transaction.atomic
def end_other_sessions(*, user: User, keep: Session) -> None:
    """Sign a login out everywhere but in the session `keep`."""
    over = Session.objects.filter(user=user, ended_at=None).exclude(pk=keep.pk)
    if over.update(ended_at=timezone.now()):
        audit("other_sessions_ended", user, actor=user)
    recheck(user.pk)


def see(session: Session) -> None:
    """Note that a session is in use, at most every SEEN_EVERY."""
    now = timezone.now()
    if now - session.last_seen_at > Session.SEEN_EVERY:
        session.last_seen_at = now
        Session.objects.filter(pk=session.pk).update(last_seen_at=now)


def recheck(user_id: int) -> None:
    """Make the login's sockets check on commit whether they may still be connected."""
    publish_on_commit(user_group(user_id), {"type": "recheck"})


def read_access_token(raw: str) -> Claims:
    """Return what an access token says, without asking the database whether its session is live.

    Raises SessionOver unless it is a valid access token.
    """
    return read_token(AccessToken, raw)


def live_session(claims: Claims) -> Session:
    """Return the session that a token names, with its user (one query). Raises SessionOver unless it is live."""
    session: Session | None = _LIVE.first(sid=claims.sid, now=timezone.now())
    if session is None or str(session.user_id) != claims.user_id or session.kind != SessionKind.API:
        raise SessionOver
    return session


def live_page_session(sid: str) -> Session | None:
    """Return the live session of Django admin with this id, with its user (one query); None if there is none."""
    try:
        session: Session | None = _LIVE.first(sid=uuid.UUID(sid), now=timezone.now())
    except (ValueError, TypeError, AttributeError):
        return None
    return session if session is not None and session.kind == SessionKind.ADMIN else None


def user_of_session(sid: uuid.UUID) -> User | None:
    """Return the login of a live session of any kind (one query); None if there is none."""
    session: Session | None = _LIVE.first(sid=sid, now=timezone.now())
    if session is None:
        return None
    origin.signed_in(session.pk)
    note_user(session.user_id)
    return session.user


def session_of_token(raw: str) -> tuple[Session, datetime]:
    """The live session of an access token, with its user (one query), and when the token expires, or SessionOver."""
    claims = read_access_token(raw)
    return live_session(claims), claims.expires_at
