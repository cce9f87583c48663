"""Codes that prove a phone, sent over the transport directly (setting PHONE_CODE_SENDER).

A code is no chat message: it must be in no message, event or log.
"""

import logging

from django.utils import timezone

from core.ports import port
from customers.errors import CodeNotSent
from messaging.models import Conversation
from messaging.transports import Outcome, transport_for

logger = logging.getLogger(__name__)


def send_code(*, phone: str, code: str) -> None:
    """Send `code` to `phone`: as text while its holder may be answered freely, by a template otherwise.

    Waits for the provider. Raises CodeNotSent.
    """
    chat = Conversation.objects.filter(customer__phone=phone).select_related("business_number").first()
    number = chat.business_number if chat is not None else port("HOME_NUMBER")()
    expires_at = chat.window_expires_at if chat is not None else None
    try:
        transport_for(number).send_code(phone, code, in_window=expires_at is not None and expires_at > timezone.now())
    except Outcome as outcome:
        logger.warning("a phone code could not be sent from %s: %s", number, type(outcome).__name__)
        raise CodeNotSent from None
