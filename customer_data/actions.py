"""What can be done with customer data. Each function locks the customer first, so a key is never created twice.

Entries are private to their user, events are not: an event says that the customer changed, never what an entry holds.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.audit import audit, audit_all
from accounts.models import User
from core.faults import fault
from core.files.names import shown_name
from core.filters import possible_ids
from customer_data.models import CustomerData
from customers.actions.locking import lock, lock_all
from customers.events import record
from customers.models import Customer
from customers.serializers.customers import customer_event_data

VALUE_OR_FILE_NEEDED = "At least one of 'value' or 'file' must be provided."


@transaction.atomic
def create_data(*, customer_id: int, actor: User, key: str, value: str = "", file: Any = None) -> CustomerData:
    """Create an entry of the actor's. `file` is an upload that core.files.uploads.check_upload has passed.

    Raises Http404 if the customer is not on the actor's desk, ValidationError if the actor already has an entry with
    this key for the customer, or if there is neither a value nor a file.
    """
    customer = lock(customer_id, actor=actor)
    now = timezone.now()
    entry = CustomerData(user=actor, customer=customer, key=key, value=value, created_at=now, updated_at=now)
    if file is not None:
        _attach_file(entry, file)
    _validate(entry)
    _save_and_record(entry, actor, "data_added")
    return entry


@transaction.atomic
def update_data(*, entry: CustomerData, actor: User, changes: dict[str, Any]) -> CustomerData:
    """Change the key, value or file of an entry and return the changed entry.

    `changes` may hold `remove_file`, which a new file overrules. The old file is deleted when the change is committed.
    Raises Http404 if the actor can no longer see the entry, ValidationError like `create_data`.
    """
    lock(entry.customer_id, actor=actor)
    visible = CustomerData.objects.visible_to(actor).select_related("customer")
    current: CustomerData | None = visible.filter(pk=entry.pk).first()
    if current is None:
        raise Http404
    current.key = changes.get("key", current.key)
    current.value = changes.get("value", current.value)
    if (file := changes.get("file")) is not None:
        _attach_file(current, file)
    elif changes.get("remove_file"):
        current.file, current.file_name = "", ""
    current.updated_at = timezone.now()
    _validate(current)
    _save_and_record(current, actor, "data_changed")
    return current


@transaction.atomic
def delete_data(*, entry: CustomerData, actor: User) -> None:
    """Delete an entry, and its file when that is committed. Raises Http404 if the actor can no longer see it."""
    lock(entry.customer_id, actor=actor)
    if _delete_entries([entry.pk], actor) == 0:
        raise Http404


@transaction.atomic
def bulk_delete_data(*, ids: Iterable[int], actor: User) -> int:
    """Delete those of the entries that the actor can see; return their number."""
    wanted = CustomerData.objects.visible_to(actor).filter(pk__in=possible_ids(ids))
    lock_all(wanted.values_list("customer_id", flat=True).distinct())
    return _delete_entries(wanted.values_list("pk", flat=True), actor)


def _delete_entries(ids: Iterable[int], actor: User) -> int:
    """Delete the actor's entries among `ids`. This transaction has locked their customers."""
    entries = CustomerData.objects.visible_to(actor).filter(pk__in=list(ids))
    found = list(entries.select_related("customer"))
    customers = {entry.customer_id: entry.customer for entry in found}
    audit_all("data_deleted", [(entry, entry.customer_id, {}) for entry in found], actor=actor)
    # Registered before the deletion of the files, so that it runs between the commit and that.
    transaction.on_commit(partial(fault, "F2"))
    count: int = entries.delete()[0]
    for customer_id in sorted(customers):
        _record_update(customers[customer_id], actor)
    return count


def _attach_file(entry: CustomerData, file: Any) -> None:
    entry.file, entry.file_name = file, shown_name(file.name)


def _validate(entry: CustomerData) -> None:
    """Raises ValidationError for a key that another entry has, and for an empty entry."""
    namesakes = CustomerData.objects.filter(user=entry.user_id, customer=entry.customer_id, key=entry.key)
    if namesakes.exclude(pk=entry.pk).exists():
        text = f"A data field with key '{entry.key}' already exists for this customer. Use PUT to update it."
        raise ValidationError({"key": [text]})
    if entry.is_empty:
        raise ValidationError({"non_field_errors": [VALUE_OR_FILE_NEEDED]})


def _save_and_record(entry: CustomerData, actor: User, verb: str) -> None:
    """Save an entry whose customer is locked; a new upload is written to disk here.

    What it holds is private to its user: the audit trail only says that there was a change.
    """
    entry.save()
    audit(verb, entry, actor=actor, customer=entry.customer_id)
    fault("F1")
    _record_update(entry.customer, actor)


def _record_update(customer: Customer, actor: User) -> None:
    record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb=None)
