"""Who wants no marketing. It is a wish towards one of our numbers, kept with the address that said it."""

from datetime import datetime

from django.db.models import Q

from customers.actions.locking import lock
from messaging.models import BusinessNumber
from whatsapp.identities import add_identity, customer_id_of, identities_of
from whatsapp.models import Identity
from whatsapp.payload.elements import Person

# Meta's code for a marketing message to somebody who stopped it.
STOPPED_MARKETING = 131050


def note_preference(*, sender: Person, number: BusinessNumber, accepts: bool, at: datetime) -> None:
    """Keep what somebody said about marketing, unless they said something newer. Call it in a transaction.

    Of a stranger nothing is kept: there is nobody to write to.
    """
    customer_id = customer_id_of(sender, number)
    if customer_id is None:
        return
    customer = lock(customer_id)
    identities = list(identities_of(sender, number).filter(customer=customer))
    # A customer we wrote to first has no address yet.
    for identity in identities or [add_identity(customer, sender, number)]:
        older = Q(preference_at=None) | Q(preference_at__lt=at)
        Identity.objects.filter(older, pk=identity.pk).update(
            marketing_stopped_at=None if accepts else at, preference_at=at
        )


def stopped_marketing(*, customer_id: int, number_id: int) -> bool:
    """Whether the customer told this number to send no marketing, from any of their addresses."""
    stopped = Identity.objects.filter(customer=customer_id, business_number=number_id)
    return stopped.filter(marketing_stopped_at__isnull=False).exists()
