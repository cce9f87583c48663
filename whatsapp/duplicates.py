"""Customers whom WhatsApp knows by the same address."""

from django.db.models import Q

from core.phones import variants
from customers.models import Customer
from messaging.models import BusinessNumber
from whatsapp.models import Identity


def customers_writing_as(customer: Customer) -> set[int]:
    """The ids of other customers who have an address of this customer's, or one that is their phone.

    Both ways: the phone of one may be the address of the other.
    """
    own = Identity.objects.live().filter(customer=customer)
    user_ids = set(own.exclude(user_id=None).values_list("user_id", flat=True))
    wa_ids = {f"+{wa_id}" for wa_id in own.exclude(wa_id=None).values_list("wa_id", flat=True)}
    phones = {
        spelling for phone in (*wa_ids, customer.phone, customer.pending_phone) if phone for spelling in variants(phone)
    }
    # Each index begins with the number.
    known = Identity.objects.live().filter(business_number__in=BusinessNumber.objects.values("pk"))
    known = known.filter(Q(wa_id__in=[phone.removeprefix("+") for phone in phones]) | Q(user_id__in=user_ids))
    reached = Customer.objects.filter(phone__in=wa_ids, phone_trusted=True)
    found = {*known.values_list("customer", flat=True), *reached.values_list("pk", flat=True)}
    return found - {customer.pk}
