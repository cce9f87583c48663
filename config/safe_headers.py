"""What every answer says to browsers: that nothing keeps, frames or runs it, unless its view says otherwise."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Whatever is no page, such as JSON: nothing in it may run or load, wherever a browser shows it.
_DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_FILES = " ".join(filter(None, ("'self'", settings.MEDIA_ORIGIN)))
# Django admin: scripts and styles from files of this origin alone. `data:` is for the arrows of its lists.
_ADMIN = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src {_FILES} data:",
        f"media-src {_FILES}",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Answers are personal unless their view says otherwise. Of features, pages get none.
SAFE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _DATA,
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# For answers that are given before Django is asked.
SAFE_AS_BYTES = [(name.lower().encode(), value.encode()) for name, value in SAFE.items()]


class SafeHeaders:
    """Adds those headers of SAFE that a view has not set. Static files are public, and say how long to keep them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        path, html = request.path_info, response.get("Content-Type", "").startswith("text/html")
        if path.startswith(settings.STATIC_URL) and response.status_code < 400:
            return response
        if html and path.startswith("/admin/"):
            response.headers.setdefault("Content-Security-Policy", _ADMIN)
        for name, value in SAFE.items():
            # Django's reports of errors, which there are with DEBUG only, bring styles and scripts of their own.
            if name != "Content-Security-Policy" or not (html and settings.DEBUG and response.status_code >= 400):
                response.headers.setdefault(name, value)
        return response
