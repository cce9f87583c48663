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
    """For viewsets with `retrieve`: what shows a row has its ETag, and If-Match counts. Stands first among the bases.

    A row is compared before one of CHANGES begins, which then runs in a transaction.
    """

    # Actions that lock their row themselves and call `refuse_stale`: not all that they do is for one transaction, or
    # `retrieve` does not show their row.
    compares_itself: frozenset[str] = frozenset()
    # Actions that answer with the row as it is then.
    shows: frozenset[str] = frozenset({"retrieve", "update", "partial_update"})

    action: str
    action_map: dict[str, str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        dispatch: Any = super().dispatch  # type: ignore[misc]
        if not self._is_compared(request):
            return self._with_version(dispatch(request, *args, **kwargs))
        with transaction.atomic():  # in which the row stays locked
            answer = dispatch(request, *args, **kwargs)
            if answer.status_code >= 400:
                transaction.set_rollback(True)
            return self._with_version(answer)

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

    def _with_version(self, answer: Any) -> HttpResponse:
        if answer.status_code < 300 and self.action in self.shows and hasattr(answer, "data"):
            answer["ETag"] = _version(answer.accepted_renderer, answer.data)
        return answer  # type: ignore[no-any-return]

    def _is_compared(self, request: HttpRequest | Request) -> bool:
        """Whether the row is compared before the action."""
        action = self.action_map.get((request.method or "").lower())
        return action in CHANGES - self.compares_itself and "HTTP_IF_MATCH" in request.META

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
        refuse_stale(request, data)


def refuse_stale(request: Request, data: Any) -> None:
    """Raises Stale if the request names another version than `data`, which is what shows the row. It must be locked."""
    if "HTTP_IF_MATCH" not in request.META:
        return
    version = _version(request.accepted_renderer, data)
    known = parse_etags(request.META["HTTP_IF_MATCH"])
    if known != ["*"] and version not in known:
        raise Stale(_row(data), version)


def etag_of(content: bytes) -> str:
    """The version of a row as JSON. Links that are signed anew are no change."""
    text = unsigned(content.decode())
    return f'"{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"'


def _version(renderer: Any, data: Any) -> str:
    return etag_of(renderer.render(_row(data)))


def _row(data: Any) -> Any:
    """What shows the row, without the envelope that some answers have."""
    return data["data"] if "success" in data else data
