"""Who stopped marketing messages. People tell one of our numbers, and it is stored with their identity there."""

from datetime import datetime

from django.db.models import Q

from customers.actions.locking import lock
from customers.events import record
from customers.serializers.customers import customer_event_data
from messaging.models import BusinessNumber
from whatsapp.identities import add_identity, addresses_of, identities_of
from whatsapp.lookup import customer_id_of
from whatsapp.models import Identity, IdentityQuerySet
from whatsapp.payload.elements import Person

# Meta's error code for a marketing message to somebody who stopped them.
STOPPED_MARKETING = 131050


def note_preference(*, sender: Person, number: BusinessNumber, accepts: bool, at: datetime) -> None:
    """Store whether somebody accepts marketing messages, unless something newer is stored. Call it in a transaction.

    Nothing is stored about strangers, because nobody writes to them. Records `customer_updated` if it is news.
    """
    customer_id = customer_id_of(sender, number)
    if customer_id is None:
        return
    customer = lock(customer_id)
    identities = list(identities_of(sender, number).filter(customer=customer))
    # A customer who never wrote has no identity yet.
    known = [identity.pk for identity in identities or [add_identity(customer, sender, number)]]
    older = Q(preference_at=None) | Q(preference_at__lt=at)
    stopped_at = None if accepts else at
    if Identity.objects.filter(older, pk__in=known).update(marketing_stopped_at=stopped_at, preference_at=at):
        record(customer, "customer_updated", customer_event_data(customer))


def stopped_marketing(*, customer_id: int, number_id: int) -> bool:
    """Whether the customer stopped marketing messages from this number, under any of their identities."""
    return who_stopped(addresses_of(customer_id, number_id)).exists()


def who_stopped(identities: IdentityQuerySet) -> IdentityQuerySet:
    """Those of the identities that stopped marketing messages."""
    return identities.filter(marketing_stopped_at__isnull=False)
