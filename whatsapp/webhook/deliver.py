"""What happens to a body posted to the webhook. The view calls it, and so does the sandbox."""

import logging

from django.db import Error

from core.faults import fault
from whatsapp.webhook.queue import receive
from whatsapp.webhook.signature import is_signed

logger = logging.getLogger(__name__)

# Where `request.META` says what became of a webhook that config/webhook.py has already taken: the code, or the error.
OUTCOME = "patter.webhook"


def deliver(body: bytes, signature: str | None) -> int:
    """Take in one webhook body and return the HTTP status for Meta.

    200: the body is stored, even if handling it fails. 401: not signed by Meta, so nothing was done. 503: it could not
    be stored, so Meta has to send it again.
    """
    fault("W1")
    if not is_signed(body, signature):
        logger.warning("refused a webhook without a valid signature (%d bytes)", len(body))
        return 401
    fault("W2")
    try:
        receive(body)
    except Error as error:  # raised by storing only, never by handling
        logger.error("a webhook could not be stored: %s", error)
        return 503
    fault("W4")
    return 200
