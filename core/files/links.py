"""Links that open a private file for one user, for a few minutes."""

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.http import Http404
from django.utils.crypto import constant_time_compare
from rest_framework.request import Request

# A link is never valid for longer than LINK_SECONDS. It stays the same for LINK_STEP seconds, so that browsers find the
# file in their cache, and is therefore valid for four to five minutes.
LINK_SECONDS = 300
LINK_STEP = 60

_DIGITS = re.compile(r"[0-9]{1,18}")
# What `signed_path` returns, in a text such as a body of JSON, and what `unsigned` makes of it.
_SIGNED = re.compile(rf"({settings.MEDIA_URL}[^\"?]+)\?user=\d+&expires=\d+&sig=[\w-]+")
_UNSIGNED = re.compile(rf"https?://[^/\"]+{settings.MEDIA_URL}([^\"?]+)\?signed")


def media_path(name: str) -> str:
    """Return the path of a stored file, such as `/media/customer_data/2024/01/15/contract.pdf`."""
    return settings.MEDIA_URL + quote(name)


def signed_path(name: str, user_id: int) -> str:
    """Return `media_path` with a signature that opens the file for this user, as long as they may see it."""
    expires = int(time.time()) // LINK_STEP * LINK_STEP + LINK_SECONDS
    query = {"user": user_id, "expires": expires, "sig": _signature(name, user_id, expires)}
    return f"{media_path(name)}?{urlencode(query)}"


@dataclass(frozen=True)
class Links:
    """Makes the URLs of stored files for one user, who reaches Patter at `origin` (`https://desk.example`)."""

    user_id: int
    origin: str

    def to(self, name: str) -> str:
        """Return the full URL that opens the stored file for this user, as long as they may see it."""
        return f"{self.origin}{signed_path(name, self.user_id)}"


def links_for(request: Any) -> Links:
    """Return the links for the user who sends `request`."""
    return Links(request.user.pk, request.build_absolute_uri("/").rstrip("/"))


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
    """Return a text with its links marked as such in place of their signatures, which are good for minutes only."""
    return _SIGNED.sub(r"\1?signed", text)


def signed_again(text: str, links: Links) -> str:
    """Return what `unsigned` returned with links that open the files for another user, or at another time."""
    return _UNSIGNED.sub(lambda link: links.to(unquote(link[1])), text)


def _signature(name: str, user_id: int, expires: int) -> str:
    return signing.Signer(salt="core.files.views").signature(f"{user_id}:{expires}:{name}")


def user_of_link(request: Request, name: str) -> Any:
    """Return the active user that a signed link was made for. Raises Http404 for any link that is not valid."""
    query = request.query_params
    user_id, expires, signature = query.get("user", ""), query.get("expires", ""), query.get("sig", "")
    if not _DIGITS.fullmatch(user_id) or not _DIGITS.fullmatch(expires):
        raise Http404
    good = constant_time_compare(signature, _signature(name, int(user_id), int(expires)))
    if not good or not 0 < int(expires) - time.time() <= LINK_SECONDS:
        raise Http404
    user = get_user_model()._default_manager.filter(pk=int(user_id), is_active=True).first()
    if user is None:
        raise Http404
    return user
