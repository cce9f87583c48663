"""Meta's POSTs to the webhook, taken outside Django's request cycle: no other path is as busy.

Django renders each answer once, with the headers that its middleware adds, and then it is sent again and again. What
fails, and whatever is not as Meta posts it, goes through Django (whatsapp/views.py), which knows what to answer.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import IO

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.signals import request_finished, request_started
from django.http import HttpRequest

from config.answers import Answer, Whole
from config.asgi_types import Receive, Scope, Send
from config.bridge import Bridge
from core.calls import note_route
from core.request_id import HEADER, current
from whatsapp.webhook.deliver import OUTCOME, deliver

PATH = "/api/webhook/"
_SIGNATURE, _REQUEST_ID = b"x-hub-signature-256", HEADER.lower().encode()


class Webhook:
    """Takes webhooks in a thread of their lane, and passes on every other request to `django`."""

    def __init__(self, django: Bridge) -> None:
        self.django = django
        self._rendered: dict[tuple[int | Exception, str], Whole] = {}

    async def __call__(self, scope: Scope, body: IO[bytes], receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not _is_plain(scope, headers):
            return await self.django(scope, body, receive, send)
        signature = headers[_SIGNATURE].decode("latin1")
        await self.django.answer(scope, receive, send, lambda: self._take(scope, body.read(), signature))

    def _take(self, scope: Scope, body: bytes, signature: str) -> Answer:
        """Do what the webhook is about, in a thread, and return the answer."""
        note_route(PATH.removeprefix("/"))
        # What Django does around every request: it closes connections to the database that are broken or too old.
        request_started.send(sender=type(self), environ={})
        try:
            outcome: int | Exception = deliver(body, signature)
        except Exception as error:  # noqa: BLE001 - Django logs it and answers, as if its view had failed
            outcome = error
        finally:
            request_finished.send(sender=type(self))
        return self._answer_to(scope, outcome)

    def _answer_to(self, scope: Scope, outcome: int | Exception) -> Answer:
        known = self._rendered.get((outcome, scope["scheme"]))
        if known is None:
            answer = self.django.run_view(scope, BytesIO(), {OUTCOME: outcome})
            if outcome not in (200, 401) or not isinstance(answer, Whole):  # Django also logs them, each time
                return answer
            headers = [header for header in answer.head["headers"] if header[0] != _REQUEST_ID]
            known = self._rendered[outcome, scope["scheme"]] = Whole({**answer.head, "headers": headers}, answer.body)
        return Whole({**known.head, "headers": [*known.head["headers"], (_REQUEST_ID, current().encode())]}, known.body)


def _is_plain(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether Django would do no more with this request than call the view, and answer the same as for any other."""
    return (
        scope["path"] == PATH
        and scope["method"] == "POST"
        and not scope["query_string"]
        and _SIGNATURE in headers
        and b"origin" not in headers
        and len(headers) == len(scope["headers"])  # Django would join those that are there twice
        and (scope["scheme"] == "https" or not settings.SECURE_SSL_REDIRECT)
        and _is_allowed(headers.get(b"host", b"").decode("latin1"))
    )


def _is_allowed(host: str) -> bool:
    """Whether Django takes requests for this host (ALLOWED_HOSTS)."""
    request = HttpRequest()
    request.META["HTTP_HOST"] = host
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True
