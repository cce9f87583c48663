"""Downloads files that customers sent (docs/whatsapp.md, "Files").

Meta turns the id into a URL that is valid for five minutes, and the URL opens with the same bearer token. The URL comes
from outside, so it and every redirect must lead to one of Meta's hosts or to the configured Graph host.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, Any
from urllib.parse import quote, urljoin, urlsplit

import httpx
from django.conf import settings
from pywa.utils import Version

from core.faults import fault
from messaging.channels import Fetched, FileRefused, FileUnavailable, Halted
from messaging.models import Attachment, BusinessNumber
from whatsapp.access_tokens import access_of
from whatsapp.graph.bounds import DOWNLOAD_BYTES_PER_SECOND, BoundedClient, seconds_for, within
from whatsapp.graph.client import tls
from whatsapp.graph.errors import Policy, describe
from whatsapp.limits import FILE_LIMITS, shown_size

CHUNK_BYTES = 64 * 1024
MAX_REDIRECTS = 3

META_HOSTS = ("facebook.com", "fbcdn.net", "fbsbx.com", "whatsapp.net")

# Meta refuses a token with any of these.
_REFUSALS = (400, 401, 403)
# The codes of something that is not there: of the file, where the table of errors speaks of the number.
_NO_SUCH_THING = (33, 803)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def fetch_media(attachment: Attachment, into: IO[bytes]) -> Fetched:
    """Download the file of a message into `into`. Raises FileRefused, FileUnavailable and Halted."""
    number = attachment.message.business_number
    access = access_of(number)
    if access is None:
        raise FileUnavailable("There is no access token for this number.")
    received = Received(into, largest_of(attachment.message.type))
    return GraphMedia(number, access.token).fetch(attachment.provider_id, received)


def largest_of(kind: str) -> int:
    """The largest file of this type of message, in bytes. Unknown types have the limit of documents."""
    return FILE_LIMITS.get(kind, FILE_LIMITS["document"]).max_bytes


class GraphMedia:
    """Meta's Graph API."""

    def __init__(self, number: BusinessNumber, token: str) -> None:
        self._number = number
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    def fetch(self, provider_id: str, received: "Received") -> Fetched:
        """Download a file. Raises FileRefused, FileUnavailable and Halted."""
        with _http_errors():
            known = self._resolve(provider_id)
            size = known.get("file_size")
            if isinstance(size, int) and size > received.largest:
                raise received.too_large()
            with within(seconds_for(received.largest, bytes_per_second=DOWNLOAD_BYTES_PER_SECOND)):
                self._download(str(known.get("url") or ""), received)
        expected = known.get("sha256")
        if isinstance(expected, str) and _SHA256.fullmatch(expected.lower()) and expected.lower() != received.sha256:
            raise FileUnavailable("The file arrived damaged.")
        return received.fetched(str(known.get("mime_type") or ""))

    def _resolve(self, provider_id: str) -> dict[str, Any]:
        version = settings.WHATSAPP_GRAPH_VERSION.removeprefix("v") or str(Version.GRAPH_API.value)
        url = f"{settings.WHATSAPP_GRAPH_URL.rstrip('/')}/v{version}/{quote(provider_id, safe='')}"
        params = {"phone_number_id": self._number.external_id}
        response = http_client().get(url, params=params, headers=self._headers)
        known = _json(response.content)
        if response.status_code != 200:
            _refuse_access(response.status_code, known)
            raise FileUnavailable(f"WhatsApp did not say where the file is (HTTP {response.status_code}).")
        if not isinstance(known, dict):
            raise FileUnavailable("WhatsApp's answer about the file could not be read.")
        return known

    def _download(self, url: str, received: "Received") -> None:
        for _ in range(MAX_REDIRECTS + 1):
            if not is_metas(url):
                raise FileRefused("The file is not on one of WhatsApp's own servers.")
            with http_client().stream("GET", url, headers=self._headers) as response:
                if response.is_redirect:
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                if response.status_code != 200:
                    _refuse_access(response.status_code, _json(next(response.iter_raw(CHUNK_BYTES), b"")))
                    raise FileUnavailable(f"WhatsApp did not deliver the file (HTTP {response.status_code}).")
                for chunk in response.iter_raw(CHUNK_BYTES):
                    received.take(chunk)
                return
        raise FileUnavailable("WhatsApp redirected the download too many times.")


class Received:
    """A file that is being received: counts, limits and hashes its bytes."""

    def __init__(self, into: IO[bytes], largest: int) -> None:
        self.largest = largest
        self.size = 0
        self._into = into
        self._hash = hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        """Take the next bytes. Raises FileRefused when the file becomes too large."""
        self.size += len(chunk)
        if self.size > self.largest:
            raise self.too_large()
        self._hash.update(chunk)
        self._into.write(chunk)
        fault("M1")

    def too_large(self) -> FileRefused:
        most = shown_size(self.largest)
        return FileRefused(f"The file is larger than {most}, WhatsApp's limit for its type.")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def fetched(self, mime_type: str) -> Fetched:
        """The file, once all of it is here."""
        return Fetched(self._into, self.size, mime_type, self.sha256)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _refuse_access(status: int, body: Any) -> None:
    """Raises Halted if Meta refuses the token itself: then nothing can be sent either, and no other file be fetched."""
    said = body.get("error") if isinstance(body, dict) else None
    if status not in _REFUSALS or not isinstance(said, dict) or not isinstance(said.get("code"), int):
        return
    known = describe(said["code"], str(said.get("message") or ""), "")
    if known.policy is Policy.HALTED and known.code not in _NO_SUCH_THING:
        raise Halted(f"{known.title} ({known.code}). {known.detail}")


def is_metas(url: str) -> bool:
    """Whether a URL leads to one of Meta's hosts or to the configured Graph host."""
    try:
        parts, graph = urlsplit(url), urlsplit(settings.WHATSAPP_GRAPH_URL)
        there, ours = (parts.scheme, parts.hostname, parts.port), (graph.scheme, graph.hostname, graph.port)
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if there == ours:
        return True
    host = parts.hostname or ""
    known = any(host == known or host.endswith(f".{known}") for known in META_HOSTS)
    return known and parts.scheme == "https" and parts.port in (None, 443)


@contextmanager
def _http_errors() -> Iterator[None]:
    try:
        yield
    except httpx.ReadTimeout:
        raise FileUnavailable("The download took too long.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Not the text of the error: it may contain the URL, which opens the file.
        raise FileUnavailable(f"WhatsApp could not be reached ({type(error).__name__}).") from None


@lru_cache(maxsize=1)
def http_client() -> BoundedClient:
    """One client for all threads. Each request brings its token, and redirects are checked before they are followed."""
    return BoundedClient(
        verify=tls(),
        limits=httpx.Limits(max_connections=20, max_keepalive_connections=5),
        follow_redirects=False,
    )
