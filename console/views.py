"""The console's pages. They are static: what they show comes from the API and the sockets, as for any front end."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

# Scripts and styles come from files of this origin alone, nothing inline and nothing from elsewhere. `blob:` is for
# pictures and recordings that have not left the browser yet. Pictures and audio may be kept elsewhere (MEDIA_STORAGE).
_FILES = " ".join(filter(None, ("'self'", settings.MEDIA_ORIGIN)))
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src {_FILES} data: blob:",
        f"media-src {_FILES} blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """The console of the sales staff: `/`, or `/?chat=<customer id>` for one chat."""
    return _page(request, title="Patter", styles="console/desk.css", script="console/app.js")


@require_safe
def reset(request: HttpRequest) -> HttpResponse:
    """Where people ask for a new password and choose it. The token of a link is behind `#`, and not sent here."""
    answer = _page(request, title="Patter: password", styles="console/desk.css", script="console/reset.js")
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """How long customers waited for answers: `/reports/`."""
    return _page(request, title="Patter: response times", styles="console/reports.css", script="console/reports.js")


@require_safe
def phone(request: HttpRequest) -> HttpResponse:
    """A customer's phone, for trying Patter without WhatsApp. Its data comes from the sandbox."""
    return _page(request, title="Patter: phone", styles="console/phone/phone.css", script="console/phone/phone.js")


def _page(request: HttpRequest, **files: str) -> HttpResponse:
    values = {**files, "closing_soon_minutes": settings.CLOSING_SOON_MINUTES}
    answer = render(request, "console/page.html", values)
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    # Voice notes need the microphone, and a customer may share where they are.
    answer.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=(self), payment=(), usb=()"
    answer.headers["Cache-Control"] = "no-cache"
    return answer
