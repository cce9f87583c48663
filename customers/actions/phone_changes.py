"""What entering a phone changes about a customer.

Who entered it decides: what staff enter is trusted, as is what WhatsApp proves; what customers enter about themselves
waits as a claim, which routes no messages and which several people may make (docs/decisions/014-trusted-phones.md).
"""

from typing import Any, cast

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core.db.compiled import Insert
from core.phones import InvalidPhone, normalize, respelled, same_number, variants
from core.ports import mapped_ports
from customers.models import Customer, release_phone

# Does not say whose it is: the other customer may be on somebody else's desk.
PHONE_TAKEN = "A customer with this phone number already exists."
_NO_PHONE = {
    "phone": None,
    "pending_phone": "",
    "phone_verified": False,
    "phone_trusted": True,
    "phone_vouched_at": None,
}


def claimed(raw: str | None, customer: Customer) -> dict[str, Any]:
    """The changes when customers enter a phone of their own. An empty one removes the phone, and what they claimed.

    Looks nothing up: neither the answer nor the time it takes may tell whether anybody has the number.
    Raises ValidationError for what is no phone.
    """
    phone = _stored(raw)
    if phone is None:
        return _changed(customer, _NO_PHONE)
    trusted = customer.phone if customer.phone_trusted else None
    return _changed(customer, {"pending_phone": "" if same_number(phone, trusted) else phone})


def entered(raw: str | None, customer: Customer, *, actor: User | None) -> dict[str, Any]:
    """The changes when staff enter a phone, or when WhatsApp proves one (`actor` None): it is trusted from then on.

    The phone that is trusted already changes nothing. Raises ValidationError for what is no phone, and for one that
    somebody else writes from; that nobody else has it is checked by `save`.
    """
    # WhatsApp writes numbers as messages will come from them.
    phone = _stored(raw) if actor is not None else raw
    if not phone:
        return _changed(customer, _NO_PHONE)
    if customer.phone is not None and customer.phone_trusted and phone in (customer.phone, respelled(customer.phone)):
        return {}
    if actor is not None:
        refuse_if_elsewhere(phone, customer.pk)
    replaced = actor is not None or same_number(customer.pending_phone, phone)
    return trusted_as(phone, actor=actor) | ({"pending_phone": ""} if replaced else {})


def trusted_as(phone: str, *, actor: User | None, verified: bool = False) -> dict[str, Any]:
    """The fields of a phone that staff vouch for, or that is proved (`actor` None)."""
    return {
        "phone": phone,
        "phone_trusted": True,
        "phone_verified": verified,
        "phone_vouched_at": timezone.now() if actor is not None else None,
    }


def refuse_if_elsewhere(phone: str, customer_id: int | None) -> None:
    """Raise ValidationError when somebody else than this customer writes to us from `phone`, on any channel.

    Their own phone may be another one, so that nobody seems to have it.
    """
    if any(
        one.phone_belongs_to_other(phone=phone, customer_id=customer_id) for one in mapped_ports("CHANNELS").values()
    ):
        raise ValidationError({"phone": [PHONE_TAKEN]})


_INSERT = Insert(Customer, "ON CONFLICT (phone) WHERE phone_trusted DO NOTHING")


def insert(customer: Customer) -> None:
    """Store a new customer. Raises ValidationError when somebody else has the trusted phone."""
    spellings = _trusted_spellings(customer)
    if (len(spellings) > 1 and _is_others(spellings, customer)) or not _INSERT.save(customer):
        raise ValidationError({"phone": [PHONE_TAKEN]})


def save(customer: Customer, fields: list[str]) -> None:
    """Save fields of a customer. Raises ValidationError when somebody else has the trusted phone."""
    spellings = _trusted_spellings(customer)
    if len(spellings) > 1 and "phone" in fields and _is_others(spellings, customer):
        raise ValidationError({"phone": [PHONE_TAKEN]})
    try:
        with transaction.atomic():
            customer.save(update_fields=fields)
    except IntegrityError:
        if not spellings or not Customer.all_rows.filter(phone=customer.phone, phone_trusted=True).exists():
            raise
        if _is_others(spellings, customer):
            raise ValidationError({"phone": [PHONE_TAKEN]})
        # A row that was merged into this customer kept it for them.
        release_phone(cast(str, customer.phone), customer.pk)
        customer.save(update_fields=fields)


def _trusted_spellings(customer: Customer) -> list[str]:
    return variants(customer.phone) if customer.phone is not None and customer.phone_trusted else []


def _is_others(spellings: list[str], customer: Customer) -> bool:
    holder = Customer.all_rows.holding_phone(spellings)
    return holder is not None and holder.pk != customer.pk


def _stored(raw: str | None) -> str | None:
    try:
        return normalize(raw) if raw else None
    except InvalidPhone as error:
        raise ValidationError({"phone": [str(error)]})


def _changed(customer: Customer, fields: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in fields.items() if getattr(customer, field) != value}
