"""Staff say that an address is not the customer's: whoever writes from there next is somebody new."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from contacts.models import Contact
from core.changes import gone
from customers.actions.locking import lock
from customers.events import record
from customers.models import Customer, merged_ids
from customers.serializers.customers import customer_event_data
from messaging.models import Conversation
from whatsapp.identities import spellings
from whatsapp.models import Identity


@transaction.atomic
def detach(*, customer_id: int, identity_id: int, actor: User) -> None:
    """Detach an identity from a customer on the actor's desk. Past messages stay; one that is detached stays as it is.

    If its number is the customer's phone or that of a contact, it routes nothing until staff vouch for it again, and
    nothing is sent to such a phone. The service window that its messages opened is closed. Raises Http404,
    Identity.DoesNotExist.
    """
    customer = lock(customer_id, actor=actor)
    identity: Identity = Identity.objects.get(pk=identity_id, customer=customer)
    if identity.detached_at is not None:
        return
    identity.detached_at = timezone.now()
    identity.save(update_fields=["detached_at"])
    _close_window(customer, identity)
    if identity.wa_id is not None:
        phones = [f"+{spelling}" for spelling in spellings(f"+{identity.wa_id}")]
        _distrust(customer, phones)
        Contact.objects.filter(customer=customer, wa_number__in=phones).update(is_confirmed=False)
    data, was = customer_event_data(customer), gone(identity, "wa_id", "user_id")
    record(customer, "customer_updated", data, actor=actor, verb="identity_detached", about=identity, changes=was)


def _close_window(customer: Customer, identity: Identity) -> None:
    """Forget that this address wrote last. Another one that wrote within the window still keeps it open."""
    addresses = [value for value in (identity.wa_id, identity.user_id, identity.parent_user_id) if value is not None]
    chat = Conversation.objects.filter(customer=customer, last_address__in=addresses).first()
    if chat is None:
        return
    others = Identity.objects.live().filter(customer=customer, business_number=chat.business_number_id)
    newest = others.newest_first().values_list("last_inbound_at", flat=True).first()
    chat.last_address, chat.last_inbound_at = None, newest
    chat.save(update_fields=["last_address", "last_inbound_at"])


def _distrust(customer: Customer, phones: list[str]) -> None:
    """Trust a phone no longer, neither the customer's nor that of a row that was merged into theirs."""
    rows = [customer.pk, *merged_ids(customer.pk)]
    Customer.all_rows.filter(pk__in=rows, phone__in=phones).update(
        phone_trusted=False, phone_verified=False, phone_vouched_at=None, updated_at=timezone.now()
    )
