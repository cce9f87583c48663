"""Rights and rules that are checked again before a message is sent, because it may have been queued for a while."""

from typing import Any

from rest_framework.exceptions import ValidationError

from customers.visibility import has_on_desk
from messaging.actions.sending import WITHOUT_WINDOW, require_window
from messaging.channels import Rejected, channel_of
from messaging.errors import NumberCannotSend, OutsideServiceWindow
from messaging.models import Message


def still_allowed(message: Message) -> None:
    """Raise Rejected if the message may no longer be sent: by this user, to this customer, or at all."""
    person = message.retried_by or message.sender
    if person is not None and not person.is_active:
        raise Rejected("sender_inactive", "Its sender's account is no longer active", "Send it again yourself.", True)
    if person is not None and not has_on_desk(person, message.customer.owner_id):
        raise Rejected(
            "sender_not_owner", "The customer has another owner now", "The new owner can send it again.", True
        )
    if message.customer.blocked_at is not None:
        raise Rejected("blocked", "The customer is blocked", "Unblock them and send it again.", True)
    if message.type in WITHOUT_WINDOW:
        return _recheck(message)
    try:
        require_window(message.customer, message.business_number)
    except OutsideServiceWindow as error:
        raise Rejected("outside_service_window", "The 24-hour window has closed", error.body["detail"])


def _recheck(message: Message) -> None:
    """Let the channel check a template. For other types there is nothing to check, and it would cost a query."""
    try:
        channel_of(message.business_number).recheck(message)
    except ValidationError as error:
        raise Rejected("not_allowed_now", "The template can no longer be sent", _words(error.detail))
    except NumberCannotSend:
        return  # the transport halts the number, and the message waits


def _words(detail: Any) -> str:
    """The texts of a refusal without the names of its fields."""
    if isinstance(detail, str):
        return detail
    return " ".join(_words(part) for part in (detail.values() if isinstance(detail, dict) else detail))
