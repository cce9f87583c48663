"""Errors that other apps and views meet."""

from rest_framework.exceptions import APIException


class CodeNotSent(APIException):
    """There is nothing to send a code with (setting CHANNELS)."""

    status_code = 503
    default_detail = "Codes cannot be sent at the moment. Ask us to confirm your phone number."
    default_code = "code_not_sent"


class CannotUndo(APIException):
    """A merge that cannot be undone any more. `code` says why: already_undone, merged_since or too_late."""

    status_code = 409
    default_code = "conflict"

    def __init__(self, code: str, text: str) -> None:
        super().__init__({"detail": text, "code": code})
        self.text = text
