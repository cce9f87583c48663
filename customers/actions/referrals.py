"""Which advertisements brought a customer: the first and the latest one."""

from datetime import datetime
from typing import Any

from django.db import transaction

from core.timestamps import iso
from customers.events import record
from customers.models import Customer
from customers.serializers.customers import customer_event_data


@transaction.atomic
def note_referral(*, customer: Customer, referral: dict[str, Any], at: datetime) -> None:
    """Keep what the provider said about the advertisement that brought a customer, locked by this transaction.

    Messages arrive in any order: `at` decides which advertisement was the first, and which the latest.
    """
    kept = Customer.objects.values("referral_first", "referral_last").get(pk=customer.pk)
    first, last = kept["referral_first"], kept["referral_last"]
    touch = {**referral, "at": iso(at)}
    changes = {}
    if first is None or at < datetime.fromisoformat(first["at"]):
        changes["referral_first"] = touch
    if last is None or at >= datetime.fromisoformat(last["at"]):
        changes["referral_last"] = touch
    if changes:
        Customer.objects.filter(pk=customer.pk).update(**changes)
        record(customer, "customer_updated", customer_event_data(customer))
