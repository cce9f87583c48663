"""Who may use the phone of the sandbox: nobody signs in, so pages of other origins are kept out."""

from typing import Any
from urllib.parse import urlsplit

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class SameOrigin(BasePermission):
    """Lets in our own pages, and what is no browser. Browsers say where a request comes from, and pages cannot lie."""

    message = "Pages of other origins may not use the sandbox."

    def has_permission(self, request: Request, view: Any) -> bool:
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        return origin is None or urlsplit(origin).netloc == request.get_host()
