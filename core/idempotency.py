"""POSTs that are sent again, because their answer was lost: with the same Idempotency-Key they get the first answer."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request

from core.files.links import links_for, signed_again, unsigned
from core.keys import fits, keyed_hash
from core.models import Answered
from core.retention import Old

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_FOR = timedelta(hours=24)
_PURPOSE = "core.idempotency"
_KEY = re.compile(r"[ -~]{1,255}")

# What this process is answering, by login and key.
_in_progress: set[tuple[int, str]] = set()
_guard = Lock()


class KeyReused(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for another request. Nothing was changed."


class InProgress(APIException):
    status_code = 409
    default_code = "in_progress"
    default_detail = "The first request with this Idempotency-Key is still running. Try again in a moment."


class _AnsweredBefore(Exception):
    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


class AnswersOnce:
    """For viewsets: a POST that creates something, and has an Idempotency-Key, creates it once.

    The same key, login, path and body get the first answer for 24 hours. It is stored in the transaction that creates.
    Refusals are not stored: nothing was changed, so the request can be made again.
    """

    action: str
    action_map: dict[str, str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        dispatch = super().dispatch  # type: ignore[misc]
        if not self._has_key(request):
            answer: HttpResponse = dispatch(request, *args, **kwargs)
            return answer
        self._asked: Answered | None = None
        with ExitStack() as self._held:
            answer = dispatch(request, *args, **kwargs)
            if self._asked is not None and answer.status_code >= 400:
                transaction.set_rollback(True)
            elif self._asked is not None:
                answer.render()
                _store(self._asked, answer)
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look the key up, after everything that may refuse the caller. From here on there is a transaction."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if self._has_key(request):
            asked = _asked(request)
            # Before the transaction: on SQLite it would wait for the first request to end.
            self._held.enter_context(_claimed_here(asked))
            self._held.enter_context(transaction.atomic())
            self._asked = asked
            _claim(asked)
            _look_up(asked, request)

    def handle_exception(self, error: Exception) -> Any:
        if isinstance(error, _AnsweredBefore):
            self._asked = None
            return error.answer
        return super().handle_exception(error)  # type: ignore[misc]

    def _has_key(self, request: HttpRequest | Request) -> bool:
        """Whether a key counts here. Other POSTs keep what they write while they refuse, such as a counted guess."""
        known = request.method == "POST" and "HTTP_IDEMPOTENCY_KEY" in request.META
        return known and creates(self, self.action_map.get("post"))


def creates(view: Any, action: str | None) -> bool:
    """Whether an action of a view creates something: by its name, or because its documentation says 201."""
    said = getattr(getattr(view, action or "", None), "_swagger_auto_schema", {})
    return action == "create" or 201 in said.get("post", said).get("responses", {})


def forget_answers(*, said: Iterable[str], below: str) -> None:
    """Delete the stored answers that match one of the regular expressions, or were given below a path."""
    found = Q(path__contains=below)
    for expression in said:
        found |= Q(body__regex=expression)
    Answered.objects.filter(found).delete()


def forget_answers_to(user_id: int) -> None:
    """Delete the stored answers to a login."""
    Answered.objects.filter(user_id=user_id).delete()


def old_rows() -> list[Old]:
    """Answers that are not given again (setting RETENTION)."""
    return [Old("answers by Idempotency-Key", Answered.objects.filter(created_at__lt=_oldest()))]


def _asked(request: Request) -> Answered:
    """What the request asks, not answered yet. Raises ValidationError."""
    key = request.META["HTTP_IDEMPOTENCY_KEY"]
    if not _KEY.fullmatch(key):
        raise ValidationError({"detail": "The Idempotency-Key must have 1 to 255 printable ASCII characters."})
    login: Any = request.user
    return Answered(user_id=login.pk, key=key, path=request.path, fingerprint=keyed_hash(_PURPOSE, _text_of(request)))


@contextmanager
def _claimed_here(asked: Answered) -> Iterator[None]:
    """Claim the key among the requests of this process. Raises InProgress."""
    claim = (asked.user_id, asked.key)
    with _guard:
        if claim in _in_progress:
            raise InProgress
        _in_progress.add(claim)
    try:
        yield
    finally:
        _in_progress.discard(claim)


def _claim(asked: Answered) -> None:
    """Claim the key among all processes until the transaction ends. Raises InProgress. On SQLite there is only one."""
    if connection.vendor != "postgresql":
        return
    digest = hashlib.sha256(f"{asked.user_id} {asked.key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        if not cursor.fetchone()[0]:
            raise InProgress


def _look_up(asked: Answered, request: Request) -> None:
    """Raises _AnsweredBefore and KeyReused."""
    known = Answered.objects.filter(user_id=asked.user_id, key=asked.key).first()
    if known is None or known.created_at < _oldest():
        return
    if known.fingerprint != asked.fingerprint and not fits(known.fingerprint, _PURPOSE, _text_of(request)):
        raise KeyReused
    body = signed_again(known.body, links_for(request))
    answer = HttpResponse(body, status=known.status, content_type="application/json")
    answer[REPLAYED] = "true"
    raise _AnsweredBefore(answer)


def _store(asked: Answered, answer: HttpResponse) -> None:
    asked.status = answer.status_code
    asked.body = unsigned(answer.content.decode())
    Answered.objects.filter(user_id=asked.user_id, key=asked.key).delete()  # older than a day
    asked.save()


def _oldest() -> datetime:
    return timezone.now() - KEPT_FOR


def _text_of(request: Request) -> str:
    """What stands for path and body. Only its keyed hash is stored: a body may hold a password."""
    return json.dumps([request.path, _body_of(request.data)], sort_keys=True)


def _body_of(data: Any) -> Any:
    if isinstance(data, QueryDict):
        return {name: [_file(one) if hasattr(one, "chunks") else one for one in data.getlist(name)] for name in data}
    return dict(data) if isinstance(data, Mapping) else data


def _file(file: Any) -> list[Any]:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return [file.name, file.size, digest.hexdigest()]
