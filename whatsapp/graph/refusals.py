"""Reads Meta's error in an answer, whatever its shape (docs/whatsapp.md, "Error codes").

pywa reads errors, too, but only from answers whose HTTP status says that there is one, and it stumbles over some.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import httpx

from whatsapp.graph.errors import MetaError, describe, forgotten
from whatsapp.payload.json_fields import object_of

# An `error_subcode` that says: the object of this request does not exist any more, or we may not see it.
_GONE = 33
# A file that cannot be fetched, and a wrong parameter, which an id may be that Meta has forgotten.
_NO_FILE, _WRONG = 131052, frozenset({100, 131008, 131009})


@dataclass(frozen=True)
class Refusal:
    """An error as Meta words it. `code` is None if it has none."""

    code: int | None
    subcode: int | None
    title: str
    detail: str
    transient: bool

    def described(self, status: int, *, media_id: str = "") -> MetaError:
        """What it means, in an answer with this HTTP status to a message with an earlier upload, `media_id`."""
        if media_id and self._is_of_file(media_id):
            return forgotten(self.code, self.title, self.detail)
        if (self.code, self.subcode) == (100, _GONE):
            return replace(describe(_GONE, self.title, self.detail), code=100)
        if status == 429 and self.code != 131056:
            return describe(429, self.title, self.detail)
        return describe(self.code, self.title, self.detail, transient=self.transient or status >= 500)

    def _is_of_file(self, media_id: str) -> bool:
        """Whether it says that the file is not there. Uploading it once more finds out, and costs little."""
        if self.code == _NO_FILE:
            return True
        words = f"{self.title} {self.detail}"
        if self.code not in _WRONG:
            return False
        named = re.search(rf"(?<!\w){re.escape(media_id)}(?!\w)", words) is not None
        # With the other subcode it is the number that does not exist, unless the file is named.
        return named or (self.subcode != _GONE and "media" in words.lower())


def refusal_in(response: httpx.Response | None) -> Refusal | None:
    """Meta's error in an answer; None if there is none, or if somebody in between made it up."""
    body = body_of(response)
    said = body.get("error")
    if response is None or not said:
        return None
    if not isinstance(said, dict):
        # A text is no error of Meta's, except where everything else says that Meta answered.
        return None if response.is_error else Refusal(None, None, str(said), "", False)
    code = _number(said.get("code"))
    made_up = code is None or (code == response.status_code and not (said.get("type") or said.get("fbtrace_id")))
    if response.is_error and made_up:
        return None
    title = _text(said.get("message"))
    return Refusal(code, _number(said.get("error_subcode")), title, words_of(said), said.get("is_transient") is True)


def words_of(error: dict[str, Any]) -> str:
    """What Meta says about an error beside its title; `error_user_msg` is meant for people."""
    data = error.get("error_data")
    details = _text(data) if isinstance(data, str) else _text(object_of(data).get("details"))
    parts = (details, _text(error.get("error_user_title")), _text(error.get("error_user_msg")))
    return ". ".join(dict.fromkeys(part.rstrip(".") for part in parts if part))


def body_of(response: httpx.Response | None) -> dict[str, Any]:
    """The JSON object in an answer; empty if there is none."""
    try:
        return object_of(response.json()) if response is not None else {}
    except (ValueError, RecursionError, httpx.HTTPError, httpx.StreamError):
        return {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
