"""What is known about the addresses people write from, and how it is learned (docs/whatsapp.md, "Identities").

Finding the customer behind one is in whatsapp/lookup.py and whatsapp/senders.py.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from core.db.compiled import Compiled
from core.phones import variants
from customers.actions.locking import lock
from customers.models import Customer
from messaging.models import BusinessNumber
from whatsapp.models import Identity, IdentityQuerySet
from whatsapp.payload.elements import Person

# The ids that only one identity on a number can have.
_UNIQUE = ("wa_id", "user_id")


def identities_of(person: Person, number: BusinessNumber) -> IdentityQuerySet:
    """The identities on one of our numbers with any of the ids of a person."""
    either = Q(pk__in=[])
    for name, value in person.ids.items():
        either |= Q(**{name: value})
    return Identity.objects.live().filter(either, business_number=number)


def addresses_of(customer: Any, number: Any) -> IdentityQuerySet:
    """The addresses at which a customer is known on one of our numbers. Ids, or expressions for them."""
    return Identity.objects.live().filter(customer=customer, business_number=number)


def _holder_by(name: str) -> Compiled:
    same = Identity.objects.live().newest_first().values("customer_id")
    return Compiled(lambda number, address: same.filter(business_number=number, **{name: address})[:1])


_HOLDER_BY = {name: _holder_by(name) for name in _UNIQUE}


def holder_of(person: Person, number: BusinessNumber) -> int | None:
    """The id of the customer known as a person on one of our numbers, by the first of their ids that is known."""
    for name in _UNIQUE:
        value = getattr(person, name)
        if value is not None and (row := _HOLDER_BY[name].first(number=number.pk, address=value)) is not None:
            return int(row["customer_id"])
    identity_id = identity_id_by_lasting_id(person, number)
    if identity_id is None:
        return None
    return int(Identity.objects.values_list("customer_id", flat=True).get(pk=identity_id))


def identity_id_by_lasting_id(person: Person, number: BusinessNumber) -> int | None:
    """The identity of a person whose wa_id and user id are new: by the parent id, or by a user id that was replaced."""
    known = Identity.objects.live().filter(business_number=number)
    if person.parent_user_id is not None:
        found = _newest(known.filter(parent_user_id=person.parent_user_id))
        if found is not None:
            return found
    return _newest(known.filter(previous_user_id=person.user_id)) if person.user_id is not None else None


def _newest(identities: IdentityQuerySet) -> int | None:
    found: int | None = identities.newest_first().values_list("pk", flat=True).first()
    return found


def elsewhere(person: Person, number: BusinessNumber) -> int | None:
    """The id of the customer whom a person is known as on another of our numbers.

    Not one from whom the person was detached on this number: they are somebody new here.
    """
    others = Identity.objects.live().filter(business_number__in=_numbers(number).exclude(pk=number.pk))
    detached = Identity.objects.filter(business_number=number, detached_at__isnull=False)
    for name, value in person.ids.items():
        found = others.filter(**{name: value}).exclude(customer__in=detached.filter(**{name: value}).values("customer"))
        customer_id: int | None = found.newest_first().values_list("customer_id", flat=True).first()
        if customer_id is not None:
            return customer_id
    return None


def _numbers(number: BusinessNumber) -> Any:
    # The indexes begin with the number: a look-up without one would read the whole table.
    return BusinessNumber.objects.filter(transport=number.transport).values("pk")


def add_identity(
    customer: Customer, person: Person, number: BusinessNumber, *, wrote_at: datetime | None = None
) -> Identity:
    """Store that this person is `customer`, and when they wrote, if they did.

    Raises IntegrityError if one of the ids already belongs to somebody.
    """
    identity: Identity = Identity.objects.create(
        customer=customer,
        business_number=number,
        wa_id=person.wa_id,
        user_id=person.user_id,
        parent_user_id=person.parent_user_id,
        profile_name=person.name[:300],
        username=person.username,
        last_inbound_at=wrote_at,
    )
    return identity


def learn(known: Identity, person: Person) -> dict[str, str]:
    """Store what is new about an identity whose customer is locked, and return it.

    Another wa_id or user id takes the place of the one that is known, which stays known in a row of its own. Ids of
    somebody else are left alone: the one that found the customer decides.
    """
    said = {"profile_name": person.name[:300], "username": person.username, "parent_user_id": person.parent_user_id}
    news = {name: value for name, value in said.items() if value and value != getattr(known, name)}
    given = {"wa_id": person.wa_id, "user_id": person.user_id}
    ids = {name: value for name, value in given.items() if value and value != getattr(known, name)}
    if not news and not ids:
        return {}
    try:
        with transaction.atomic():
            news |= take_ids(known, ids)
            Identity.objects.filter(pk=known.pk).update(**news)
    except IntegrityError:
        return {}  # somebody else was first
    return news


def take_ids(known: Identity, ids: dict[str, str]) -> dict[str, str]:
    """Give an identity those of the ids that nobody else has, and return them. Raises IntegrityError."""
    taken = {}
    for name, value in ids.items():
        same = Identity.objects.live().filter(business_number=known.business_number_id, **{name: value})
        holder = same.exclude(pk=known.pk).first()
        if holder is not None and holder.customer_id != known.customer_id:
            continue
        if holder is not None:
            release(holder, name, to=known)
        taken[name] = value
    if taken:
        Identity.objects.filter(pk=known.pk).update(**taken)
        _keep_replaced(known, taken)
    return taken


def _keep_replaced(known: Identity, taken: dict[str, str]) -> None:
    """Give the ids that others took the place of rows of their own."""
    for name in taken:
        if (replaced := getattr(known, name)) is not None:
            Identity.objects.create(
                **{name: replaced},
                customer_id=known.customer_id,
                business_number_id=known.business_number_id,
                parent_user_id=known.parent_user_id,
                profile_name=known.profile_name,
                username=known.username,
                last_inbound_at=known.last_inbound_at,
                seen_with=known.wa_id if name == "user_id" else None,
            )


def release(holder: Identity, name: str, *, to: Identity) -> None:
    """Take an id from an identity. If it has none left, the row goes, and `to` gets what else is known about it."""
    setattr(holder, name, None)
    if holder.wa_id or holder.user_id:
        holder.save(update_fields=[name])
        return
    kept: Identity = Identity.objects.get(pk=to.pk)
    for field in ("last_inbound_at", "shared_at"):
        setattr(kept, field, max(filter(None, (getattr(kept, field), getattr(holder, field))), default=None))
    if holder.preference_at and (kept.preference_at is None or kept.preference_at < holder.preference_at):
        kept.preference_at, kept.marketing_stopped_at = holder.preference_at, holder.marketing_stopped_at
    holder.delete()
    kept.save(update_fields=["last_inbound_at", "shared_at", "preference_at", "marketing_stopped_at"])


def learn_address(customer_id: int, recipient: Person, number: BusinessNumber) -> dict[str, str]:
    """Store the ids of a customer whom a message reached, because they may answer with their phone hidden.

    Returns what is new. If any of the ids already belongs to somebody else, nothing changes.
    """
    known = list(identities_of(recipient, number).order_by("pk"))
    if any(identity.customer_id != customer_id for identity in known):
        return {}
    if known:
        # The phone is the better address: with it, the row keeps the newest user id.
        return learn(next((one for one in known if one.wa_id is not None), known[0]), recipient)
    try:
        with transaction.atomic():
            add_identity(lock(customer_id), recipient, number)
    except (Customer.DoesNotExist, IntegrityError):
        return {}  # erased or merged, or known since the look
    names = {"profile_name": recipient.name, "username": recipient.username}
    return recipient.ids | {name: value for name, value in names.items() if value}


def address_of(sender: Person, number: BusinessNumber) -> str:
    """Return the same address for a person, whichever of their ids is given this time."""
    known = identities_of(sender, number).order_by("pk").first()
    return (known.wa_id or known.seen_with or str(known) if known is not None else None) or sender.address


def spellings(phone: str) -> list[str]:
    """The wa_ids that WhatsApp may have for a phone."""
    return [spelling.removeprefix("+") for spelling in variants(phone)]


def senders_proved(customer: Customer) -> bool:
    """Whether `customer` verified their phone, and everybody who wrote as them did so from that phone.

    Contacts whom the customer named may have written, too, and nothing proves that they belong to them. Nor does it of
    those whom staff detached: what they wrote is still in the chat.
    """
    if not customer.phone_verified or not customer.phone_trusted or customer.phone is None:
        return False
    own = spellings(customer.phone)
    # An identity that was never seen with a phone hides it: only staff or Meta say that it is the customer.
    theirs = Q(wa_id__in=own) | Q(wa_id__isnull=True, seen_with__in=own)
    rows = Identity.objects.filter(customer=customer)
    return rows.filter(theirs).count() == rows.count()


def phone_belongs_to_other(*, phone: str, customer_id: int | None) -> bool:
    """Whether somebody else than this customer (None: a new one) is known to write from `phone`, in any spelling."""
    # No customer has the id 0.
    return _WRITING_FROM.first(phones=spellings(phone), besides=customer_id or 0) is not None


_WRITING_FROM = Compiled(
    lambda phones, besides: (
        Identity.objects.live()
        .filter(business_number__in=BusinessNumber.objects.values("pk"), wa_id__any=phones)
        .exclude(customer=besides)
        .values("pk")
    )
)
