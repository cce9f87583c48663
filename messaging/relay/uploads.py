"""Uploads the files of messages, each once to a number: what the provider has already is sent by its id.

Ids that the provider gave for what customers sent are not used: nobody says that they can be sent.
"""

import logging
import threading
from collections.abc import Callable

from django.utils import timezone

from messaging.channels import Outcome, Retry, Transport
from messaging.models import Attachment, Message
from messaging.relay.results import DATABASE_AWAY

logger = logging.getLogger(__name__)

# The same file to many customers at once: one thread uploads it, the others wait and use its id. Other relays do not
# wait, so each may upload it once.
_ONE_AT_A_TIME = [threading.Lock() for _ in range(256)]


def upload(message: Message, transport: Transport, file: Attachment, *, extend: Callable[[], None]) -> None:
    """Upload the file of a message, unless the number has it. Whatever happens, the message has not been sent.

    `extend` gives the lease time for an upload, and raises if it is lost.
    """
    Attachment.objects.filter(pk=file.pk).update(provider_id="", provider_until=None, uploaded=True)
    extend()
    with _ONE_AT_A_TIME[hash((message.business_number_id, file.sha256)) % len(_ONE_AT_A_TIME)]:
        if _take_over(message, file):
            return
        extend()
        try:
            transport.upload(message, file)
        except (Outcome, *DATABASE_AWAY):
            raise
        except Exception as error:
            logger.exception("message %s: its file could not be uploaded", message.pk)
            raise Retry(code="upload", title="The file could not be uploaded", detail=type(error).__name__)


def _take_over(message: Message, file: Attachment) -> bool:
    """Use the id under which the provider has the same file, if it has it."""
    same = Attachment.objects.filter(sha256=file.sha256, uploaded=True, mime_type=file.mime_type, provider_id__gt="")
    kept = same.filter(message__business_number=message.business_number_id, provider_until__gt=timezone.now())
    found = kept.order_by("-provider_until").values_list("provider_id", "provider_until").first()
    if found is None or not file.sha256:
        return False
    file.provider_id, file.provider_until = found
    Attachment.objects.filter(pk=file.pk).update(provider_id=file.provider_id, provider_until=file.provider_until)
    return True
