"""Tokens: signed texts that name a session."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.models import Session

# Patter's tokens have some 400 characters. Longer texts are not even decoded.
MAX_TOKEN_LENGTH = 4096


class SessionOver(AuthenticationFailed):
    """The token or password is not valid, or no longer valid."""

    default_detail = "Your session has ended. Please sign in again."
    default_code = "session_over"


@dataclass(frozen=True)
class Tokens:
    access: str
    refresh: str
    session: Session


@dataclass(frozen=True)
class Claims:
    """What a token says: whose it is, of which session, its own id, until when it is valid, and its type."""

    user_id: str
    sid: uuid.UUID
    jti: str
    expires_at: datetime
    type: str = ""


def read_token(kind: type[Token], raw: str) -> Claims:
    """Check a token of this kind and return its claims. Raises SessionOver for anything but a valid token."""
    claims: Claims = _signed(kind, raw)  # type: ignore[arg-type]  # classes can be hashed
    # The leeway (SIMPLE_JWT) is for the clock of another server that is ahead, and lets no token live longer.
    if claims.expires_at <= timezone.now():
        raise SessionOver("The token has expired.")
    return claims


@lru_cache(maxsize=1024)
def _signed(kind: type[Token], raw: str) -> Claims:
    """`read_token` for one that may have expired since. Tokens are used often: a signature is checked once."""
    if len(raw) > MAX_TOKEN_LENGTH:
        raise SessionOver("The token is invalid.")
    try:
        token = _verified(kind, raw)
        return Claims(
            user_id=str(token["user_id"]),
            sid=uuid.UUID(str(token["sid"])),
            jti=str(token["jti"]),
            expires_at=datetime.fromtimestamp(token["exp"], tz=UTC),
            type=str(token["token_type"]),
        )
    except ExpiredTokenError as error:
        raise SessionOver("The token has expired.") from error
    except (TokenError, KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError) as error:
        # A forged token may hold anything: numbers beyond any date, nesting deeper than the stack.
        raise SessionOver("The token is invalid.") from error


def _verified(kind: type[Token], raw: str) -> Token:
    """The token, signed with SECRET_KEY or one before it. Raises TokenError."""
    try:
        return kind(raw)  # type: ignore[arg-type]  # annotated as a Token, but takes the text of one
    except ExpiredTokenError:
        raise
    except TokenError:
        for key in settings.SECRET_KEY_FALLBACKS:
            with suppress(TokenError):
                return _before(kind, key)(raw)  # type: ignore[arg-type]
        raise


@lru_cache(maxsize=32)
def _before(kind: type[Token], secret_key: str) -> type[Token]:
    """Tokens of this kind as they were signed with an older SECRET_KEY."""
    said: Any = settings.SIMPLE_JWT
    backend = TokenBackend(
        said["ALGORITHM"],
        f"jwt:{secret_key}",  # as in SIMPLE_JWT
        audience=said["AUDIENCE"],
        issuer=said["ISSUER"],
        leeway=said["LEEWAY"],
    )
    return type(kind.__name__, (kind,), {"_token_backend": backend})


def sign_tokens(session: Session) -> Tokens:
    """Sign a pair of tokens for the session. The refresh token carries the jti that the session accepts next."""
    pair: list[str] = []
    now = timezone.now()
    for token, lifetime in (
        (AccessToken(), timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)),
        (RefreshToken(), timedelta(days=settings.REFRESH_TOKEN_DAYS)),
    ):
        # No token outlives its session.
        token.set_exp(from_time=now, lifetime=min(lifetime, session.expires_at - now))
        token["user_id"] = str(session.user_id)
        token["sid"] = str(session.pk)
        if isinstance(token, RefreshToken):
            token["jti"] = session.refresh_jti
        pair.append(str(token))
    return Tokens(access=pair[0], refresh=pair[1], session=session)
