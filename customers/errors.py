"""Errors that other apps and views meet."""

from typing import Any

from rest_framework.exceptions import APIException

from accounts.models import User
from accounts.serializers import user_ref


class CodeNotSent(APIException):
    """There is nothing to send a code with (setting CHANNELS)."""

    status_code = 503
    default_detail = "Codes cannot be sent at the moment. Ask us to confirm your phone number."
    default_code = "code_not_sent"


class AlreadyClaimed(APIException):
    """Somebody else has the customer by now; `owner` says who."""

    status_code = 409
    default_code = "already_claimed"

    def __init__(self, owner: User) -> None:
        super().__init__()
        # Assigned directly, because DRF would turn the id into a text.
        self.detail: Any = {
            "code": self.default_code,
            "detail": f"{owner.name} was first.",
            "owner": user_ref(owner),
        }


class CannotUndo(APIException):
    """A merge that cannot be undone any more. `code` says why: already_undone, merged_since or too_late."""

    status_code = 409
    default_code = "conflict"

    def __init__(self, code: str, text: str) -> None:
        super().__init__({"detail": text, "code": code})
        self.text = text
