"""A failure that Meta tells after it has taken the message, by a status."""

from datetime import timedelta

from django.utils import timezone

from messaging.models import BusinessNumber, Message
from messaging.numbers import halt, throttle
from messaging.transports import Halted, Retry, transport_for
from whatsapp.access import account_of
from whatsapp.consequences import after_error
from whatsapp.graph.outcomes import outcome_of
from whatsapp.meta_errors import MetaError
from whatsapp.payload import StatusReport

# What Meta said of a number earlier than that, and told only now, is no reason to stop it: if it still holds, the next
# message is told so.
_OF_TODAY = timedelta(days=1)


def after_failure(said: StatusReport, number: BusinessNumber) -> None:
    """Do what a failed status changes beyond its message, as the answer to a send does. Only for one that is news."""
    sent = Message.objects.select_related("business_number").filter(business_number=number, wamid=said.wamid).first()
    if sent is None or said.error is None:
        return
    after_error(said.error["code"], sent, waba_id=account_of(number))
    if timezone.now() - said.at > _OF_TODAY:
        return
    # The number as it is now: `number` is one that the process remembers.
    own = sent.business_number
    outcome = outcome_of(MetaError.again(said.error), None, sent)
    if isinstance(outcome, Halted):
        halt(own, outcome.reason, transport_for(own).access)
    elif isinstance(outcome, Retry) and outcome.scope == "number":
        throttle(own, outcome)
