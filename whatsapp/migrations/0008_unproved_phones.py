"""Phones that registered customers only ever claimed, and numbers of contacts that nobody has vouched for.

Nothing tells who entered them. Those from which the customer wrote, or which a code proved, stay as they are.
"""

from collections.abc import Iterator
from typing import Any

from django.db import migrations
from django.db.models import F

from core.phones import variants

BATCH = 1000


def claim_phones(apps: Any, schema_editor: Any) -> None:
    """Let the unproved phones of registered customers wait as claims. What staff vouched for since is left alone."""
    customers = apps.get_model("customers", "Customer")._base_manager
    # An empty phone is none.
    customers.filter(phone="", phone_trusted=True).update(phone=None)
    unproved = customers.filter(
        user__isnull=False, phone__isnull=False, phone_verified=False, phone_vouched_at=None, pending_phone=""
    )
    for batch in _batches(unproved.values_list("pk", "phone")):
        wrote = _written_from(apps, [pk for pk, _ in batch])
        claimed = [pk for pk, phone in batch if not wrote.get(pk, set()) & set(variants(phone))]
        unproved.filter(pk__in=claimed).update(pending_phone=F("phone"), phone=None)


def unconfirm_contacts(apps: Any, schema_editor: Any) -> None:
    """Route no messages by the contacts of registered customers from which nobody has written as them yet."""
    contacts = apps.get_model("contacts", "Contact")._base_manager
    of_registered = contacts.filter(customer__user__isnull=False, is_confirmed=True)
    for batch in _batches(of_registered.values_list("pk", "customer", "wa_number")):
        wrote = _written_from(apps, [customer for _, customer, _ in batch])
        waiting = [pk for pk, customer, number in batch if not wrote.get(customer, set()) & set(variants(number))]
        contacts.filter(pk__in=waiting).update(is_confirmed=False)


def _batches(rows: Any) -> Iterator[list[Any]]:
    """Rows in order of their ids, so many at a time, each batch in statements of its own: nobody waits for long."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1][0]


def _written_from(apps: Any, customer_ids: list[int]) -> dict[int, set[str]]:
    """The phones from which these customers wrote, by customer."""
    identities = apps.get_model("whatsapp", "Identity")._base_manager.filter(customer__in=customer_ids)
    found: dict[int, set[str]] = {}
    for customer_id, *numbers in identities.values_list("customer", "wa_id", "seen_with"):
        found.setdefault(customer_id, set()).update(f"+{number}" for number in numbers if number)
    return found


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("whatsapp", "0007_when_they_wrote"),
        ("customers", "0010_find_untrusted_phones"),
        ("contacts", "0003_reached_when_confirmed"),
    ]

    operations = [
        migrations.RunPython(claim_phones, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(unconfirm_contacts, migrations.RunPython.noop, elidable=True),
    ]
