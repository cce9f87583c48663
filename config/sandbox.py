"""The paths of the customer's side of the sandbox."""

from django.conf import settings
from django.urls import Resolver404, ResolverMatch, URLResolver
from django.urls.resolvers import RoutePattern


class SandboxPaths(URLResolver):
    """The paths below `sandbox/`. They exist on a developer's machine alone, and without a real WhatsApp number.

    Nobody signs in for them, so elsewhere there is nothing that could be called, or that a large body could be sent to.
    """

    def __init__(self) -> None:
        super().__init__(RoutePattern("sandbox/"), "whatsapp.sandbox.urls")

    def resolve(self, path: str) -> ResolverMatch:
        if not (settings.DEBUG and settings.WHATSAPP_SANDBOX):
            raise Resolver404({"path": path})
        return super().resolve(path)
