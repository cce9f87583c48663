"""Sessions of Django admin: rows like any other, named by a browser's cookie. Ending the row signs the browser out."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.actions.sessions import end_session, live_page_session, open_session, see
from accounts.models import Session, SessionKind, User
from core import origin
from core.calls import note_user

_SID = "sid"


def page_session(request: HttpRequest) -> Session | None:
    """The live session that the browser's cookie names, with its user."""
    sid = request.session.get(_SID)
    return None if sid is None else live_page_session(sid)


def page_user(request: HttpRequest) -> User | AnonymousUser:
    """Who is signed in to Django admin. Notes for the audit trail which session it is."""
    session = page_session(request)
    if session is None:
        return AnonymousUser()
    origin.signed_in(session.pk)
    note_user(session.user_id)
    see(session)
    return session.user


def signed_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Somebody signs in on a page: Django's signal user_logged_in. Raises BadCredentials if they may no longer."""
    request.session[_SID] = str(open_session(user=user, kind=SessionKind.ADMIN).pk)


def signed_out(*, request: HttpRequest, **_: Any) -> None:
    """Somebody signs out on a page: Django's signal user_logged_out, sent while the cookie's data are still there."""
    session = page_session(request)
    if session is not None:
        end_session(session=session, actor=session.user)
