"""Errors that other apps and views meet."""

from rest_framework.exceptions import APIException


class CodeNotSent(APIException):
    """The phone could not be reached. Raised by a channel (setting CHANNELS)."""

    status_code = 503
    default_detail = "The code could not be sent. Message us on WhatsApp from this phone, then try again."
    default_code = "code_not_sent"


class CannotUndo(APIException):
    """A merge that cannot be undone any more. `code` says why: already_undone, merged_since or too_late."""

    status_code = 409
    default_code = "conflict"

    def __init__(self, code: str, text: str) -> None:
        super().__init__({"detail": text, "code": code})
        self.text = text
