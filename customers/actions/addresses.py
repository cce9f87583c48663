"""Addresses of customers. Of each type a customer has, exactly one is the default."""

from typing import Any

from django.db import transaction
from rest_framework.exceptions import NotFound

from accounts.models import User
from core.changes import Changes, changed, gone, made, state
from customers.actions.locking import lock
from customers.events import record
from customers.models import Address, Customer
from customers.serializers.customers import customer_event_data


@transaction.atomic
def create_address(*, customer_id: int, actor: User, is_default: bool = False, **fields: Any) -> Address:
    """Create an address. The first of its type is the default in any case. Raises Http404."""
    customer = lock(customer_id, actor=actor, own=True)
    address = Address.objects.create(customer=customer, **fields)
    keep_one_default(customer, address.address_type, chosen=address if is_default else None)
    return _recorded(customer, address, actor, "address_added", made(address, *fields))


@transaction.atomic
def update_address(*, address: Address, actor: User, changes: dict[str, Any]) -> Address:
    """Change an address and return it.

    A default that stops being one, or changes its type, is replaced by the oldest other address of the type. The only
    address of a type stays its default. Raises NotFound when the address is gone.
    """
    customer, address = _locked(actor, address)
    changes = {field: value for field, value in changes.items() if getattr(address, field) != value}
    if not changes:
        return address
    before = state(address, *changes)
    type_before, wanted = address.address_type, changes.pop("is_default", None)
    stays_default = address.is_default if wanted is None else wanted
    for field, value in changes.items():
        setattr(address, field, value)
    # Not a default for now, so that it breaks neither type's constraint on the way.
    address.is_default = False
    address.save()
    if type_before != address.address_type:
        keep_one_default(customer, type_before)
    chosen = address if stays_default and (wanted or type_before == address.address_type) else None
    keep_one_default(customer, address.address_type, chosen=chosen, last=address if wanted is False else None)
    after = {**before, **changes, **({} if wanted is None else {"is_default": wanted})}
    return _recorded(customer, address, actor, "address_changed", changed(before, after))


@transaction.atomic
def set_default_address(*, address: Address, actor: User) -> Address:
    """Make an address the default of its type. Raises NotFound when it is gone."""
    customer, address = _locked(actor, address)
    if address.is_default:
        return address
    keep_one_default(customer, address.address_type, chosen=address)
    return _recorded(customer, address, actor, "address_changed", changed({"is_default": False}, {"is_default": True}))


@transaction.atomic
def delete_address(*, address: Address, actor: User) -> None:
    """Delete an address. A deleted default is replaced by the oldest one left of its type. Raises NotFound."""
    customer, address = _locked(actor, address)
    was, pk = gone(address, "address_type", "address_line1", "city", "country"), address.pk
    address.delete()
    keep_one_default(customer, address.address_type)
    address.pk = pk
    data = customer_event_data(customer)
    record(customer, "customer_updated", data, actor=actor, verb="address_deleted", about=address, changes=was)


def _locked(actor: User, address: Address) -> tuple[Customer, Address]:
    """Lock the customer of an address, and read it again. Raises NotFound."""
    customer = lock(address.customer_id, actor=actor, own=True)
    found = customer.addresses.filter(pk=address.pk).first()
    if found is None:
        raise NotFound
    return customer, found


def keep_one_default(
    customer: Customer, address_type: str, *, chosen: Address | None = None, last: Address | None = None
) -> None:
    """Make one address of a locked customer's the default of its type: `chosen`, else the current one, else the oldest.

    `last` only becomes the default when there is no other.
    """
    addresses = customer.addresses.filter(address_type=address_type)
    if chosen is None:
        found = list(addresses.default_first())
        if not found or found[0].is_default:
            return
        others = [address for address in found if last is None or address.pk != last.pk]
        chosen = next(iter(others or found))
    addresses.filter(is_default=True).exclude(pk=chosen.pk).update(is_default=False)
    addresses.filter(pk=chosen.pk).update(is_default=True)


def _recorded(customer: Customer, address: Address, actor: User, verb: str, changes: Changes) -> Address:
    data = customer_event_data(customer)
    record(customer, "customer_updated", data, actor=actor, verb=verb, about=address, changes=changes)
    address.refresh_from_db()
    return address
