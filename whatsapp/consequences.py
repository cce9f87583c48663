"""What an error of Meta's changes beyond the one message it was about."""

import logging

from django.db import transaction

from customers.events import lock
from messaging.models import Attachment, Message
from messaging.statuses import close_window
from whatsapp.models import Template

logger = logging.getLogger(__name__)

# What a template is from then on, until Meta or the next sync says otherwise.
_TEMPLATE_STATUS = {132001: "MISSING", 132007: "REJECTED", 132015: "PAUSED", 132016: "DISABLED"}
_OUTSIDE_WINDOW, _FILE_NOT_TAKEN = 131047, 131053


def after_error(code: int | str, message: Message, *, waba_id: str) -> None:
    """Learn from an error: the window is closed, the template or the uploaded file is no good.

    Who stopped marketing messages is kept with their address (whatsapp/preferences.py).
    """
    if code == _OUTSIDE_WINDOW:
        if message.to_number:
            return  # said of a contact it was written to: the customer did write
        with transaction.atomic():
            close_window(lock(message.customer_id), message.business_number_id, since=message.created_at)
    elif code == _FILE_NOT_TAKEN:
        Attachment.objects.filter(message=message.pk).update(provider_id="", provider_until=None)
    elif code in _TEMPLATE_STATUS and message.type == "template":
        name, language = message.payload.get("name"), message.payload.get("language", {}).get("code")
        templates = Template.objects.filter(waba_id=waba_id, name=name, language=language)
        templates.update(status=_TEMPLATE_STATUS[int(code)], reason=f"Meta refused it ({code})")
        logger.warning("template %s (%s) is %s", name, language, _TEMPLATE_STATUS[int(code)])
