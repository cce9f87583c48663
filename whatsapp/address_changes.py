"""Customers who can be reached at another number or id from now on (docs/whatsapp.md, "Identities")."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from customers.actions.locking import lock
from customers.models import Customer
from messaging.models import BusinessNumber, Conversation
from whatsapp.identities import add_identity, identities_of, release, spellings
from whatsapp.lookup import phone_of
from whatsapp.models import Identity
from whatsapp.payload.elements import Person
from whatsapp.profiles import change_phone, is_contact


def move_address(customer_id: int, old: Sequence[Person], new: Person, number: BusinessNumber) -> None:
    """Recognise a customer at `new` instead of `old` from now on, and send answers there.

    Their phone changes too if it was the old number and the new one is free. If an id of `new` already belongs to
    another customer, nothing changes.
    """
    customer = lock(customer_id)
    try:
        with transaction.atomic():
            known = _identity(customer, old, new, number)
            if known is None:
                add_identity(customer, new, number)
            else:
                # The notice need not name all of their old ids.
                old = [*old, *Person(known.wa_id, known.user_id).by_each_id()]
                _move(known, new)
                _drop_old_numbers(known, old, new)
    except IntegrityError:
        return  # one of the new ids belongs to somebody else
    _move_chat(customer, old, new)
    _move_phone(customer, old, new)


def _identity(customer: Customer, old: Sequence[Person], new: Person, number: BusinessNumber) -> Identity | None:
    """The customer's identity that moves: the one with the most telling old id."""
    for person in [*old, *new.by_each_id()]:
        found: Identity | None = identities_of(person, number).filter(customer=customer).newest_first().first()
        if found is not None:
            return found
    return None


def _move(known: Identity, new: Person) -> None:
    """Put the new ids in the place of the old ones. Raises IntegrityError if somebody else has one of them."""
    # As in learn(), a parent id is nobody's alone.
    for name, value in new.ids.items():
        if name == "parent_user_id":
            continue
        mine = Identity.objects.live().filter(customer=known.customer_id, business_number=known.business_number_id)
        holder = mine.filter(**{name: value}).exclude(pk=known.pk).first()
        if holder is not None:
            release(holder, name, to=known)
    changes: dict[str, str | None] = {**new.ids}
    if new.user_id is not None and known.user_id not in (None, new.user_id):
        changes["previous_user_id"] = known.user_id
    if new.wa_id is not None and known.wa_id is not None:
        followers = Identity.objects.filter(customer=known.customer_id, business_number=known.business_number_id)
        followers.filter(seen_with=known.wa_id).update(seen_with=new.wa_id)
    Identity.objects.filter(pk=known.pk).update(**changes)


def _drop_old_numbers(known: Identity, old: Sequence[Person], new: Person) -> None:
    """Forget the old number: it may be somebody else's soon. A user id is never given to anybody else."""
    if new.wa_id is None:
        return
    numbers = [person.wa_id for person in old if person.wa_id is not None]
    mine = Identity.objects.live().filter(customer=known.customer_id, business_number=known.business_number_id)
    for holder in mine.filter(wa_id__in=numbers).exclude(pk=known.pk):
        release(holder, "wa_id", to=known)


def _move_chat(customer: Customer, old: Sequence[Person], new: Person) -> None:
    """Send answers to the new address. A new user id alone does not replace the number they wrote from."""
    addresses = [person.address for person in old if new.wa_id is not None or person.wa_id is None]
    Conversation.objects.filter(customer=customer, last_address__in=addresses).update(last_address=new.address)


def _move_phone(customer: Customer, old: Sequence[Person], new: Person) -> None:
    phone = phone_of(new)
    if phone is None or phone == customer.phone:
        return
    numbers = [person.wa_id for person in old if person.wa_id is not None]
    was = [f"+{spelling}" for one in numbers for spelling in spellings(f"+{one}")]
    if customer.phone in was or (customer.phone is None and not any(is_contact(customer, one) for one in numbers)):
        change_phone(customer, phone)
