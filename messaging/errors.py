"""The refusals of the chat. REST answers with them, sockets send them as `error` frames."""

from datetime import datetime
from typing import Annotated, Any, NotRequired, TypedDict

from rest_framework import status
from rest_framework.exceptions import APIException

from core.error_codes import CODES
from core.shapes import OneOf, Time
from core.timestamps import iso


class Conflict(TypedDict):
    """Why a message is not sent or fetched."""

    detail: Annotated[str, "for people"]
    code: Annotated[str, OneOf(CODES), "for programs"]
    window_expires_at: NotRequired[Annotated[Time | None, "with `outside_service_window`: when it closed"]]


class Refusal(APIException):
    """An error whose body has a fixed `code`, the `detail`, and whatever else the client needs to know."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"

    def __init__(self, detail: str, **more: Any) -> None:
        super().__init__(detail)
        # Assigned directly, because DRF would turn null into the text "None".
        self.body: dict[str, Any] = {"code": self.default_code, "detail": detail, **more}
        self.detail = self.body


class OutsideServiceWindow(Refusal):
    default_code = "outside_service_window"

    def __init__(self, expired_at: datetime | None) -> None:
        super().__init__(
            "The customer has not written in the last 24 hours, so only a template can be sent.",
            window_expires_at=iso(expired_at),
        )


class Blocked(Refusal):
    default_code = "blocked"

    def __init__(self) -> None:
        super().__init__("This customer is blocked. Unblock them to write to them.")


class ClientIdTaken(Refusal):
    default_code = "client_id_taken"

    def __init__(self) -> None:
        super().__init__("This client_id has already been used for another message.")


class NotFetchable(Refusal):
    default_code = "not_fetchable"


class NotRetryable(Refusal):
    default_code = "not_retryable"

    def __init__(self, status: str) -> None:
        super().__init__(f"Only failed and uncertain messages can be sent again; this one is {status}.")


class AlreadySent(Refusal):
    default_code = "already_sent"

    def __init__(self, status: str) -> None:
        super().__init__(f"Only a message that is still queued can be taken back; this one is {status}.")


class NotUncertain(Refusal):
    """Raised in Django admin only, so it has no code of its own."""

    def __init__(self, status: str) -> None:
        super().__init__(f"Only an uncertain message can be settled; this one is {status}.")


class NumberCannotSend(Refusal):
    default_code = "number_cannot_send"

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} has no access token, so nothing can be sent from it. An admin can add one.")


class ChannelNotSetUp(Refusal):
    default_code = NumberCannotSend.default_code

    def __init__(self, number: str) -> None:
        super().__init__(f"The channel of {number} is not set up, so nothing can be sent from it.")
