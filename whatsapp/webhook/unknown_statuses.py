"""Statuses of messages that Patter did not send, many at once.

Whoever sends a campaign from the same number with another program has thousands of them, in bodies of hundreds. One by
one, each costs a commit.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from django.db import Error, transaction

from messaging.actions.statuses import keep_waiting, known_statuses
from messaging.models import BusinessNumber, StatusUpdate
from whatsapp import business_numbers
from whatsapp.lookup import known_anywhere
from whatsapp.marketing import STOPPED_MARKETING
from whatsapp.models import Identity, WebhookEvent
from whatsapp.payload.elements import Element, StatusReport

logger = logging.getLogger(__name__)

# Fewer are handled one by one: the statements here are made for many.
FEWEST = 10
# In one transaction. SQLite's one writer is busy for some 50 ms.
CHUNK = 500

_Link = WebhookEvent.customers.through


def keep_unknown(event_id: int, elements: Sequence[Element], start: int, deadline: float) -> set[int]:
    """Store the statuses from `start` on that are about unknown messages; return the places of those stored.

    Left out are those of whose recipient more than an address is to be looked up, and all from `deadline`
    (time.monotonic) on: they are handled one by one. Storing one twice does no harm.
    """
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, element in enumerate(elements[start:], start=start):
        if isinstance(element, StatusReport) and (element.error or {}).get("code") != STOPPED_MARKETING:
            places[(element.phone_number_id, element.display_number)].append(index)
    done: set[int] = set()
    for (phone_number_id, display), indexes in places.items():
        if len(indexes) < FEWEST:
            continue
        number = business_numbers.number_of(phone_number_id, display)
        for at in range(0, len(indexes), CHUNK):
            if time.monotonic() > deadline:
                return done
            chunk = {index: cast(StatusReport, elements[index]) for index in indexes[at : at + CHUNK]}
            try:
                with transaction.atomic():
                    kept = _keep(event_id, number, chunk)
                done |= kept
            except Error as error:  # a customer who was erased meanwhile: one by one, each for itself
                logger.warning("webhook %s: its statuses are handled one by one: %r", event_id, error)
    return done


def _keep(event_id: int, number: BusinessNumber, chunk: dict[int, StatusReport]) -> set[int]:
    updates = {index: _update(said, number) for index, said in chunk.items()}
    known = {id(one) for one in known_statuses(number, list(updates.values()))}
    unknown = {index: chunk[index] for index, update in updates.items() if id(update) not in known}
    if len(unknown) < FEWEST:
        return set()
    customers = _customers_at(unknown, number)
    others = [said.recipient for said in unknown.values() if said.recipient and said.recipient.wa_id not in customers]
    somebody = known_anywhere(set(others))
    kept = {index for index, said in unknown.items() if said.recipient not in somebody}
    keep_waiting([updates[index] for index in kept])
    linked = {customers[wa_id] for index in kept if (wa_id := _wa_id(unknown[index])) in customers}
    links = [_Link(webhookevent_id=event_id, customer_id=customer_id) for customer_id in sorted(linked)]
    _Link.objects.bulk_create(links, ignore_conflicts=True)
    return kept


def _customers_at(reports: dict[int, StatusReport], number: BusinessNumber) -> dict[str | None, int]:
    """The ids of customers by the wa_ids of recipients, who are most quickly known by them."""
    wa_ids = {wa_id for said in reports.values() if (wa_id := _wa_id(said)) is not None}
    identities = Identity.objects.live().filter(business_number=number, wa_id__in=wa_ids)
    return dict(identities.values_list("wa_id", "customer_id"))


def _wa_id(said: StatusReport) -> str | None:
    return said.recipient.wa_id if said.recipient is not None else None


def _update(said: StatusReport, number: BusinessNumber) -> StatusUpdate:
    return StatusUpdate(
        business_number=number,
        wamid=said.wamid,
        message_key=said.message_key,
        status=said.status,
        at=said.at,
        error=said.error,
        pricing=said.pricing,
    )
