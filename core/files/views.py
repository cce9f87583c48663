"""The view that serves private files.

An app that has files stores them with `upload_to=StoredUnder("notes")` (core/files/names.py), puts `link(...)` of
core/files/links.py into its JSON, and routes `media/notes/<path:path>` to a subclass of SessionFileView or
TracedFileView (accounts/files.py) that names the model and its fields.
"""

import os
import re
from typing import IO, Any, ClassVar, cast
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from core.files.kinds import kind_of
from core.files.links import session_of_link
from core.files.names import shown_name
from core.files.storage import stored_files

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class PrivateFileView(APIView):
    """Serves a file to users who may see its row, by a signed link or, on the same path, with a bearer token.

    The right is checked on every request. Requests with neither token nor link get 401. Users who may not see the file
    get 404, as if it did not exist. Subclasses name the model (its queryset has `visible_to`), the prefix its files
    are stored under, and the fields that hold the file and its original name.
    """

    model: ClassVar[Any]
    prefix: ClassVar[str]
    file_field: ClassVar[str] = "file"
    name_field: ClassVar[str] = ""

    permission_classes = [AllowAny]
    swagger_schema = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # Browsers request pictures with `Accept: image/*`. Files are sent as they are, whatever is accepted.
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request, path: str) -> HttpResponseBase:
        name = f"{self.prefix}/{path}"
        user = request.user
        if "sig" in request.query_params:
            user = self.user_of_session(session_of_link(request, name))
            if user is None:
                raise Http404
        if not user.is_authenticated:
            raise NotAuthenticated
        rows = self.model.objects.visible_to(user).filter(**{self.file_field: name}).order_by()
        shown_as = rows.values_list(self.name_field or self.file_field, flat=True)[:1]
        if not (found := list(shown_as)):
            raise Http404
        response = send_file(request, name, shown_as=found[0])
        self.served(response, user, rows)
        return response

    def user_of_session(self, sid: UUID) -> Any:
        """The user of a session that is live, or None: for the app that has sessions (accounts/files.py)."""
        raise NotImplementedError

    def served(self, response: HttpResponseBase, user: Any, rows: Any) -> None:
        """For subclasses: the file of the row in `rows` is on its way to `user`, or a part of it, or nothing new."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response


def send_file(request: Request, name: str, *, shown_as: str) -> HttpResponseBase:
    """Return a response with a stored file, or the requested range of it. With FILES_ACCEL_PREFIX nginx sends the file,
    with MEDIA_STORAGE the client is sent where it is, for a minute.

    A browser may keep the file, but has to ask again each time: the user may have lost the right to see it, or the name
    may have gone to another file. Raises Http404 if the file is missing (not with MEDIA_STORAGE, where nobody looks).
    """
    kind = kind_of(name)
    content_type = kind.mime_type if kind else "application/octet-stream"
    disposition = content_disposition_header(
        as_attachment=not (kind and kind.inline), filename=shown_name(shown_as or name)
    )
    elsewhere = stored_files().redirect_to(
        name, content_type=content_type, disposition=disposition or "inline", method=request.method or "GET"
    )
    if elsewhere:
        # Never kept, unlike the file: the next request must ask for the right again. No referrer: the link is a key.
        return HttpResponse(status=302, headers={"Location": elsewhere, "Referrer-Policy": "no-referrer"})
    headers = {"Content-Type": content_type, "Content-Disposition": disposition, "Cache-Control": "private, no-cache"}
    if settings.FILES_ACCEL_PREFIX:
        headers["X-Accel-Redirect"] = settings.FILES_ACCEL_PREFIX + quote(name)
        return HttpResponse(headers=headers)
    try:
        file = stored_files().open(name, "rb")
    except FileNotFoundError:
        raise Http404
    return _stream(request, file, {**headers, "Accept-Ranges": "bytes"})


def _stream(request: Request, file: IO[bytes], headers: dict[str, Any]) -> HttpResponseBase:
    stat = os.fstat(file.fileno())
    size, modified = stat.st_size, int(stat.st_mtime)
    etag = f'"{stat.st_mtime_ns:x}-{size:x}"'
    headers |= {"ETag": etag, "Last-Modified": http_date(modified)}
    status, start, end = 200, 0, size
    if (wanted := _wanted_range(request, size, etag, modified)) is not None:
        status, (start, end) = 206, wanted
        if start >= end:
            file.close()
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    content_type = headers.pop("Content-Type")  # a FileResponse takes it from no header
    whole = FileResponse(status=status, headers=headers, content_type=content_type)
    response = cast(HttpResponseBase, get_conditional_response(request._request, etag, modified, cast(Any, whole)))
    if response is not whole or request.method == "HEAD":
        file.close()
        return response
    file.seek(start)
    whole.streaming_content = cast(Any, FileSlice(file, end - start))
    return whole


def _wanted_range(request: Request, size: int, etag: str, modified: int) -> tuple[int, int] | None:
    """Return start and end (exclusive) of the requested range, or None to send the whole file.

    The start of an unsatisfiable range is at or behind its end. Requests for several ranges, or for a range of another
    version of the file (If-Range), get the whole file, as RFC 9110 allows.
    """
    match = _RANGE.fullmatch(request.META.get("HTTP_RANGE", "").replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    condition = request.META.get("HTTP_IF_RANGE")
    if condition and condition != etag and parse_http_date_safe(condition) != modified:
        return None
    first, last = match.groups()
    if not first:
        return max(size - int(last), 0), size if int(last) else 0
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


class FileSlice:
    """The next `length` bytes of an open file, which is closed with the response."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self.file = file
        self.left = length

    def read(self, size: int) -> bytes:
        chunk = self.file.read(min(size, self.left))
        self.left -= len(chunk)
        return chunk

    def fileno(self) -> int:
        return self.file.fileno()

    def tell(self) -> int:
        return self.file.tell()

    def close(self) -> None:
        self.file.close()
