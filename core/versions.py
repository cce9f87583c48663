"""Versions of rows: details have an ETag, and a change that names an older one in If-Match is refused."""

import hashlib
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from core.files.links import unsigned

CHANGES = frozenset({"update", "partial_update", "destroy"})


class Stale(APIException):
    """The row changed since the client read it; `current` is how it looks now."""

    status_code = 412
    default_code = "stale"
    default_detail = "This was changed since you loaded it. Nothing was changed now."

    def __init__(self, current: Any, etag: str) -> None:
        super().__init__()
        # Assigned directly, because DRF would turn the values into texts.
        self.detail: Any = {"detail": str(self.default_detail), "code": self.default_code, "current": current}
        self.etag = etag


class KnowsVersions:
    """For viewsets with `retrieve`: details have an ETag, and If-Match counts. It stands first among the bases."""

    # True if the actions lock the row and call `refuse_stale` themselves, because not all of them is for a transaction.
    compares_itself = False

    action: str
    action_map: dict[str, str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        dispatch: Any = super().dispatch  # type: ignore[misc]
        if self._is_compared(request):
            with transaction.atomic():  # in which the row stays locked
                answer: Any = dispatch(request, *args, **kwargs)
                if answer.status_code >= 400:
                    transaction.set_rollback(True)
            return answer  # type: ignore[no-any-return]
        answer = dispatch(request, *args, **kwargs)
        if answer.status_code == 200 and self.action == "retrieve":
            answer["ETag"] = etag_of(answer.render().content)
        return answer  # type: ignore[no-any-return]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Compare versions, after everything that may refuse the caller."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if self._is_compared(request):
            self._compare(request, kwargs["pk"])

    def handle_exception(self, error: Exception) -> Any:
        answer = super().handle_exception(error)  # type: ignore[misc]
        if isinstance(error, Stale):
            answer["ETag"] = error.etag
        return answer

    def hold(self, pk: int) -> None:
        """Lock the row until the transaction ends, in the order in which its actions lock. Raises Http404."""
        rows: Any = self.queryset.model._default_manager  # type: ignore[attr-defined]
        rows.select_for_update(no_key=True).filter(pk=pk).first()

    def refuse_stale(self, request: Request, data: Any) -> None:
        """Raises Stale if the request names another version than `data`, what `retrieve` answers of the locked row."""
        if "HTTP_IF_MATCH" not in request.META:
            return
        renderer: Any = request.accepted_renderer
        etag = etag_of(renderer.render(data))
        known = parse_etags(request.META["HTTP_IF_MATCH"])
        if known != ["*"] and etag not in known:
            raise Stale(data["data"] if "success" in data else data, etag)

    def _is_compared(self, request: HttpRequest | Request) -> bool:
        """Whether the row is compared before the action, which then runs in a transaction."""
        action = self.action_map.get((request.method or "").lower())
        return action in CHANGES and "HTTP_IF_MATCH" in request.META and not self.compares_itself

    def _compare(self, request: Request, pk: str) -> None:
        """Raises Stale. A row that the caller cannot see is left to the action, which says so."""
        action, self.action = self.action, "retrieve"
        try:
            # First without the lock: waiting for it would tell that the row exists.
            self.retrieve(request, pk=pk)  # type: ignore[attr-defined]
            self.hold(int(pk[:20]))
            data: Any = self.retrieve(request, pk=pk).data  # type: ignore[attr-defined]
        except (Http404, APIException):
            return
        finally:
            self.action = action
        self.refuse_stale(request, data)


def etag_of(content: bytes) -> str:
    """The version of what `retrieve` answers. Links that are signed anew are no change."""
    text = unsigned(content.decode())
    return f'"{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"'
