"""What requests pass in Django before they reach a view: ids, probes, and checks for text that cannot be stored."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.page_sessions import page_user
from config.errors import answer_to, refuse
from config.health import livez, readyz
from config.known_parameters import refusing, unknown_parameters
from config.metrics import metrics
from core import calls, origin, request_id
from core.throttles import client_address

API = "/api/"
ADMIN = "/admin/"
WEBHOOK = "/api/webhook"


# None if the caller may not see it: the request is then answered like any path that does not exist.
PROBES: dict[str, Callable[[HttpRequest], HttpResponse | None]] = {
    "/livez": livez,
    "/readyz": readyz,
    "/metrics": metrics,
}


class RequestIdMiddleware:
    """Answers every request with its id. config/asgi.py has named it; under config/wsgi.py it is named here.

    Notes where the request comes from, for the audit trail.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin.begin(address=client_address(request), user_agent=request.META.get("HTTP_USER_AGENT", ""))
        begun = None if request_id.current() else request_id.begin(request.META.get("HTTP_X_REQUEST_ID", ""))
        try:
            response = self.get_response(request)
            response.headers[request_id.HEADER] = request_id.current()
            _note_user(request)
            return response
        finally:
            if begun is not None:
                request_id.end(begun)

    def process_view(self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if request.resolver_match is not None:
            calls.note_route(request.resolver_match.route)


def _note_user(request: HttpRequest) -> None:
    """Tell the log who sent a request from a page. The API's callers are noted by their token."""
    user = getattr(request, "_cached_user", None)  # of the session, if anybody asked
    if user is not None and user.pk is not None:
        calls.note_user(user.pk)


class ProbesMiddleware:
    """Answers PROBES before any other check.

    Load balancers call them by IP address and without TLS, which ALLOWED_HOSTS and HTTPS_ONLY would refuse.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is not None:
            calls.note_route(request.path_info.removeprefix("/"))
        answer = probe(request) if probe is not None else None
        return answer if answer is not None else self.get_response(request)


class SlashMiddleware(CommonMiddleware):
    """Redirects a page without its last slash to the one with it, as Django does, but only for requests that read.

    A redirected POST would come back as a GET, and with DEBUG Django answers it with 500. Here it gets a 404. The paths
    of the API need no redirect (config/api.py).
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in ("GET", "HEAD") and bool(super().should_redirect_with_slash(request))


class RefuseUnstorableMiddleware:
    """Refuses NUL characters in the path and the query string, because PostgreSQL fails on them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return refuse(request, 400, "NUL characters are not allowed.")
        return self.get_response(request)


class RefusalsMiddleware:
    """Refuses query parameters that an operation of the API does not have.

    Answers the errors that DRF's views would answer, when another view raises them: Django admin, and files.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        # Meta may add to what it asks the webhook.
        if not request.META.get("QUERY_STRING") or request.path_info.startswith(WEBHOOK):
            return None
        unknown = unknown_parameters(request)
        return refusing(view, unknown)(request, *args, **kwargs) if unknown else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer_to(request, exception)


class AdminTimes:
    """Shows and reads times in the setting TIME_ZONE, in Django admin only: the API speaks UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ADMIN):
            return self.get_response(request)
        with timezone.override(settings.SHOWN_TIME_ZONE):
            return self.get_response(request)


class _OnlyForPages:
    """Leaves out what the API has no use for: its callers are known by their tokens, and it sets no cookies."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(API):
            return self.get_response(request)  # type: ignore[attr-defined,no-any-return]  # of the middleware beside
        return super().__call__(request)  # type: ignore[misc,no-any-return]


class PageSessions(_OnlyForPages, SessionMiddleware):
    """Sessions, for Django admin."""


class PageUsers(_OnlyForPages, AuthenticationMiddleware):
    """`request.user` of the session, which ends with its row (accounts/page_sessions.py)."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: page_user(request))  # type: ignore[assignment]  # as Django does


class PageMessages(_OnlyForPages, MessageMiddleware):
    """What Django admin says on the next page."""
