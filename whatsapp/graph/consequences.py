"""What an error changes beyond the message it is about."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from customers.actions.locking import lock
from messaging.actions.number_pauses import halt, throttle
from messaging.actions.statuses import close_window
from messaging.channels import Halted, Retry, transport_for
from messaging.models import Attachment, BusinessNumber, Message
from whatsapp.access_tokens import account_of
from whatsapp.graph.errors import MetaError
from whatsapp.graph.outcomes import outcome_of
from whatsapp.models import Template
from whatsapp.payload.elements import StatusReport

logger = logging.getLogger(__name__)

# The status of a template after the error, until Meta or the next sync says otherwise.
_TEMPLATE_STATUS = {132001: "MISSING", 132007: "REJECTED", 132015: "PAUSED", 132016: "DISABLED"}
_OUTSIDE_WINDOW, _FILE_NOT_TAKEN = 131047, 131053
# An older failure that is reported only now is no reason to halt or pause a number. If its cause persists, the next
# message will meet it.
_OF_TODAY = timedelta(days=1)


def after_error(code: int | str, message: Message, *, waba_id: str) -> None:
    """Note what an error reveals: a closed window, or a template or an uploaded file that cannot be used.

    Who stopped marketing messages is stored elsewhere, with the identity (whatsapp/marketing.py).
    """
    if code == _OUTSIDE_WINDOW:
        if message.to_number:
            return  # it went to a contact, and says nothing about the customer's own window
        with transaction.atomic():
            close_window(lock(message.customer_id), message.business_number, since=message.created_at)
    elif code == _FILE_NOT_TAKEN:
        forget_upload(message)
    elif code in _TEMPLATE_STATUS and message.type == "template":
        name, language = message.payload.get("name"), message.payload.get("language", {}).get("code")
        templates = Template.objects.filter(waba_id=waba_id, name=name, language=language)
        templates.update(status=_TEMPLATE_STATUS[int(code)], reason=f"Meta refused it ({code})")
        logger.warning("template %s (%s) is %s", name, language, _TEMPLATE_STATUS[int(code)])


def forget_upload(message: Message) -> None:
    """Forget the id of an uploaded file, wherever it was used, so that the file is uploaded again."""
    file = Attachment.objects.filter(message=message.pk).first()
    if file is None:
        return
    same = Attachment.objects.filter(sha256=file.sha256, uploaded=True, provider_id=file.provider_id)
    for rows in (same if file.provider_id else same.none(), Attachment.objects.filter(pk=file.pk)):
        rows.update(provider_id="", provider_until=None)


def after_failure(said: StatusReport, number: BusinessNumber) -> None:
    """Apply what a `failed` status changes beyond its message. Call it only for a status that is news."""
    sent = Message.objects.select_related("business_number").filter(business_number=number, wamid=said.wamid).first()
    if sent is None or said.error is None:
        return
    after_error(said.error["code"], sent, waba_id=account_of(number))
    if timezone.now() - said.at > _OF_TODAY:
        return
    # The number as it is now; `number` comes from the cache of the process.
    own = sent.business_number
    outcome = outcome_of(MetaError.again(said.error), None, sent.attempts)
    if isinstance(outcome, Halted):
        halt(own, outcome.reason, transport_for(own).access)
    elif isinstance(outcome, Retry) and outcome.scope == "number":
        throttle(own, outcome)
