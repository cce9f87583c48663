"""Who may send a large body, how large, and how many at once. Asked before any of it beyond 64 KB is kept."""

import logging
from collections import Counter
from contextlib import ExitStack

from django.conf import settings
from django.contrib import admin
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.http import HttpRequest, HttpResponse, parse_cookie
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from accounts.authentication import CHALLENGE, user_id_of
from accounts.page_sessions import page_user
from config.asgi_types import Scope, Send
from config.endpoints import Endpoint, endpoint_of
from config.errors import Unavailable, send_refusal
from config.lanes import Lane
from config.middleware import WEBHOOK
from core.db.failures import Trouble, trouble_of

logger = logging.getLogger("patter")

# From anybody.
SMALL_BYTES = 64 * 1024
# Without files.
PLAIN_BYTES = 1024 * 1024
# Room in a multipart body for everything but the file: the other fields and the boundaries.
MULTIPART_SLACK = 1024 * 1024
PER_USER, PER_ADDRESS = 8, 64
RETRY_SECONDS = 5


class BodyRefused(Exception):
    """A body that is not read any further. `str()` may be shown; `retry_after` is in seconds, 0 for never.

    Without a `code` it is refused with the one for its status.
    """

    def __init__(
        self, status: int, text: str, retry_after: int = 0, *headers: tuple[bytes, bytes], code: str = ""
    ) -> None:
        super().__init__(text)
        self.status, self.retry_after, self.headers, self.code = status, retry_after, headers, code

    async def tell(self, send: Send, scope: Scope) -> None:
        more = self.headers
        wait = self.retry_after
        await send_refusal(send, scope, self.status, str(self), retry_after=wait, more_headers=more, code=self.code)


class Uploads:
    """The large bodies that are on their way to this process."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane  # for asking the database who sends them
        self._at_once: Counter[str] = Counter()

    async def admit(self, scope: Scope, size: int, held: ExitStack) -> int:
        """Return how many bytes the body may have; it counts until `held` closes.

        Raises BodyRefused if it is too large for its path, if the sender is not signed in, or sends too many at once.
        LaneFull.
        """
        webhook = scope["path"].startswith(WEBHOOK)
        endpoint = Endpoint() if webhook else endpoint_of(scope["method"], scope["path"])
        limit = settings.WEBHOOK_MAX_BYTES if webhook else body_limit(endpoint, content_type_of(scope))
        self.check_size(size, limit)
        address = (scope.get("client") or ("", 0))[0]
        self._count(f"address {address}", PER_ADDRESS, "from your address", held)
        if not webhook and not endpoint.public:
            user = await self._lane.run(_who_sends, scope, endpoint.admin_page)
            self._count(f"user {user}", PER_USER, "of yours", held)
        return limit

    def check_size(self, size: int, limit: int) -> None:
        """Raises BodyRefused."""
        if size > limit:
            raise BodyRefused(413, f"The body is larger than {limit} bytes.")

    def _count(self, key: str, most: int, whose: str, held: ExitStack) -> None:
        if self._at_once[key] >= most:
            raise BodyRefused(
                429, f"There are already {most} uploads {whose} on their way. Wait until one is done, then try again.",
                RETRY_SECONDS,
            )  # fmt: skip
        self._at_once[key] += 1
        held.callback(self._forget, key)

    def _forget(self, key: str) -> None:
        self._at_once[key] -= 1
        if not self._at_once[key]:
            del self._at_once[key]


def body_limit(endpoint: Endpoint, content_type: bytes) -> int:
    """Return how many bytes a body may have: MAX_UPLOAD_MB for uploads to where files are taken, otherwise 1 MB."""
    if endpoint.public and not endpoint.takes_files:
        return SMALL_BYTES
    if endpoint.takes_files and content_type[:10].lower() == b"multipart/":
        return settings.MAX_UPLOAD_MB * 1024 * 1024 + MULTIPART_SLACK
    return PLAIN_BYTES


def content_type_of(scope: Scope) -> bytes:
    """If there are several they are joined, as WSGI does."""
    return b",".join(value for name, value in scope["headers"] if name == b"content-type")


def _who_sends(scope: Scope, admin_page: bool) -> int:
    """Return the id of the login that sends a request, in a thread. Raises BodyRefused."""
    headers = {name: value.decode("latin1") for name, value in scope["headers"]}
    close_old_connections()
    try:
        if admin_page:
            return _admin_of(headers.get(b"cookie", ""))
        return user_id_of(headers.get(b"authorization", ""))
    except (AuthenticationFailed, NotAuthenticated) as refused:
        challenge = (b"www-authenticate", CHALLENGE.encode())
        raise BodyRefused(401, str(refused.detail), 0, challenge, code=refused.default_code)
    except (DatabaseError, InterfaceError) as error:
        logger.error("the database cannot be reached, so a large body is refused: %s", error)
        unavailable = Unavailable(trouble_of(error) or Trouble.AWAY)
        raise BodyRefused(unavailable.status_code, str(unavailable.detail), unavailable.wait)
    finally:
        close_old_connections()


def _admin_of(cookies: str) -> int:
    """Return the id of the login that is signed in to Django admin. Raises NotAuthenticated."""
    request = HttpRequest()
    request.COOKIES = parse_cookie(cookies)
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    request.user = page_user(request)
    if not admin.site.has_permission(request) or request.user.pk is None:
        raise NotAuthenticated("Sign in to Django admin first.")
    return request.user.pk
