"""Links that open a private file for one user, as long as the session in which they were made.

A link does not give a right: that is asked again whenever it is used (core/files/views.py). So it may live as long as
what shows it, such as a page that stays open.
"""

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404
from rest_framework.request import Request

from core import origin

# A link is never valid for longer than LINK_SECONDS, nor than its session. It stays the same for LINK_STEP seconds, so
# that browsers find the file in their cache, and is therefore valid for 23 to 24 hours.
LINK_SECONDS = 24 * 3600
LINK_STEP = 3600

_DIGITS = re.compile(r"[0-9]{1,18}")
# What `signed_path` returns, in a text such as a body of JSON, and what `unsigned` makes of it.
_SIGNED = re.compile(rf"({settings.MEDIA_URL}[^\"?]+)\?session=[0-9a-f-]{{36}}&expires=\d+&sig=[\w-]+")
_UNSIGNED = re.compile(rf"https?://[^/\"]+{settings.MEDIA_URL}([^\"?]+)\?signed")


def media_path(name: str) -> str:
    """Return the path of a stored file, such as `/media/customer_data/2024/01/15/contract.pdf`."""
    return settings.MEDIA_URL + quote(name)


def signed_path(name: str, session: UUID) -> str:
    """Return `media_path` with a signature that opens the file for the user of this session, while they may see it."""
    expires = int(time.time()) // LINK_STEP * LINK_STEP + LINK_SECONDS
    query = {"session": session, "expires": expires, "sig": _signer().signature(f"{session}:{expires}:{name}")}
    return f"{media_path(name)}?{urlencode(query)}"


@dataclass(frozen=True)
class Links:
    """Makes the URLs of stored files for the user of a session, who reaches Patter at `origin` (`https://x.example`).

    Without a session, as where a request is made up, the URLs open nothing without a token.
    """

    session: UUID | None
    origin: str

    def to(self, name: str) -> str:
        """Return the full URL that opens the stored file in this session, as long as the user may see it."""
        path = media_path(name) if self.session is None else signed_path(name, self.session)
        return f"{self.origin}{path}"


def links_for(request: Any) -> Links:
    """Return the links for the user who sends `request`, which is the one that is being answered."""
    return Links(origin.current().session, request.build_absolute_uri("/").rstrip("/"))


def link(name: str, *, request: Any) -> str:
    """Return the full URL that opens a stored file for the user who sends `request`."""
    return links_for(request).to(name)


def is_link_to(name: str, text: str) -> bool:
    """Whether a text is the path of a stored file, or a link to it, whoever it was made for and whenever."""
    try:
        return urlsplit(text).path == media_path(name)
    except ValueError:  # brackets without an address
        return False


def unsigned(text: str) -> str:
    """Return a text with its links marked as such in place of their signatures, which are for one session only."""
    return _SIGNED.sub(r"\1?signed", text)


def signed_again(text: str, links: Links) -> str:
    """Return what `unsigned` returned with links that open the files in another session, or at another time."""
    return _UNSIGNED.sub(lambda link: links.to(unquote(link[1])), text)


def _signer() -> signing.Signer:
    """Takes what was signed with SECRET_KEY_FALLBACKS, too."""
    return signing.Signer(salt="core.files.links")


def session_of_link(request: Request, name: str) -> UUID:
    """Return the id of the session in which a signed link was made. Raises Http404 for any link that is not valid."""
    query = request.query_params
    session, expires, signature = query.get("session", ""), query.get("expires", ""), query.get("sig", "")
    signed = f"{session}:{expires}:{name}"
    try:
        good = _signer().unsign(f"{signed}:{signature}") == signed
        sid = UUID(session)
    except (signing.BadSignature, ValueError):
        raise Http404
    if not good or not _DIGITS.fullmatch(expires) or not 0 < int(expires) - time.time() <= LINK_SECONDS:
        raise Http404
    return sid
