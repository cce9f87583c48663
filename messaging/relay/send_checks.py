"""What was asked when a message was queued, asked again when it is sent: time has passed."""

from typing import Any

from rest_framework.exceptions import ValidationError

from customers.visibility import has_on_desk
from messaging.actions.sending import WITHOUT_WINDOW, require_window
from messaging.channels import Rejected, channel_of
from messaging.errors import NumberCannotSend, OutsideServiceWindow
from messaging.models import Message


def still_allowed(message: Message) -> None:
    """Raise Rejected when the message may not be sent any more: by its sender, to its customer, or at all."""
    person = message.retried_by or message.sender
    if person is not None and not person.is_active:
        raise Rejected("sender_inactive", "Its sender may not write any longer", "Send it again yourself.", True)
    if person is not None and not has_on_desk(person, message.customer.owner_id):
        raise Rejected(
            "sender_not_owner", "The customer belongs to somebody else now", "Their owner can send it.", True
        )
    if message.type in WITHOUT_WINDOW:
        return _recheck(message)
    try:
        require_window(message.customer, message.business_number)
    except OutsideServiceWindow as error:
        raise Rejected("outside_service_window", "The 24-hour window has closed", error.body["detail"])


def _recheck(message: Message) -> None:
    """Ask the provider's app. It has nothing to ask of what is no template, and that would cost each text a query."""
    try:
        channel_of(message.business_number).recheck(message)
    except ValidationError as error:
        raise Rejected("not_allowed_now", "The template may not be sent any more", _words(error.detail))
    except NumberCannotSend:
        return  # the transport halts the number, and the message waits


def _words(detail: Any) -> str:
    """The reasons of a refusal without the names of its fields."""
    if isinstance(detail, str):
        return detail
    return " ".join(_words(part) for part in (detail.values() if isinstance(detail, dict) else detail))
