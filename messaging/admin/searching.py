"""The search of the list of messages."""

from django.db.models import QuerySet

from core.filters import whole_number
from core.words import wanted_words
from customers.admin.searching import customers_found
from messaging.models import BusinessNumber, Message
from messaging.search import FoundMessages

# How many of the newest messages that a text matches are found. A list of more is narrowed by a filter.
MOST = 1_000


def found_messages(messages: QuerySet[Message], text: str) -> QuerySet[Message]:
    """Those of the messages that a search finds: by words of the text, the customer, the wamid or the id.

    The newest that match by text and by customer are looked up first, each with its own index.
    """
    text = text.strip()
    newest = messages.order_by("-ordered_at", "-pk").values_list("pk", flat=True)
    by_text = FoundMessages(messages, wanted_words(text), among=Message.objects.all()).ids(MOST)
    by_customer = newest.filter(customer__in=customers_found(text))
    found = {*by_text, *by_customer[:MOST], *with_wamid(text).values_list("pk", flat=True)}
    if (pk := whole_number(text.removeprefix("#"))) is not None:
        found.add(pk)
    return messages.filter(pk__in=found)


def with_wamid(wamid: str) -> QuerySet[Message]:
    """The messages with this wamid. Each number has an index of its own for it, so all numbers are named."""
    numbers = list(BusinessNumber.objects.values_list("pk", flat=True))
    return Message.objects.filter(business_number__in=numbers, wamid=wamid)
